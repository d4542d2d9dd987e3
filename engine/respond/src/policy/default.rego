# What Leakward may do about a leaked credential without asking anybody.
#
# Input: {"incident": …, "plan": …, "approved_by": ["ann", …]} (docs/policy.md lists every field). Four rules are read:
#   approvals          how many people have to say yes before it runs; 0: it runs by itself
#   containment_first  whether the old credential is revoked before there is a successor
#   deny               sentences; if there is one, it does not run whoever says yes
#   reasons            sentences, shown to people beside the decision
#
# Print this file with `leakward policy show`, change it, and try it with `leakward policy test`.
package leakward

import rego.v1

# Actions that may run by themselves: taking away a single token of a person or a machine, which is what everybody would do.
# Whole words of the plan's `revoke_action`; a trailing * stands for anything.
allowed_actions := {
	"github-*",
	"gitlab-*",
	"slack-*",
	"npm-*",
	"vault-*",
	"hashicorp-vault-*",
	"aws-deactivate-access-key",
	"gcp-disable-key",
}

# Tags of the store's entry that mean production.
production_words := {"production", "prod", "live"}

default approvals := 1

approvals := 2 if production

approvals := 0 if {
	not production
	live
	allowed
	not fixture
	not cuts_off
}

# A live, critical key that strangers can read does harm now; waiting for a successor would cost more than a cut.
default containment_first := false

containment_first if {
	live
	input.incident.exposure == "public"
	input.incident.severity == "critical"
}

deny contains "nobody knows how to revoke this credential by an interface: follow the instructions" if {
	input.plan.provider == null
}

reasons contains "the credential is not known to be live" if not live

reasons contains sprintf("the action %v is not among those that may run by themselves", [input.plan.revoke_action]) if {
	input.plan.revoke_action != null
	not allowed
}

reasons contains "it was only seen among material of tests" if fixture

reasons contains "applications would meet a moment without a working credential" if cuts_off

reasons contains "the store's entry is tagged as production: two people have to say yes" if production

reasons contains "containment first: a live critical credential that everybody can read" if containment_first

live if input.incident.verdict == "live"

fixture if input.incident.test_fixture

# Containment first means to cut off; then the cut is no reason to wait.
cuts_off if {
	input.plan.has_a_cut
	not containment_first
}

allowed if {
	some action in allowed_actions
	action == input.plan.revoke_action
}

# Null where nobody can do it by an interface.
allowed if {
	input.plan.revoke_action != null
	some action in allowed_actions
	endswith(action, "*")
	startswith(input.plan.revoke_action, trim_suffix(action, "*"))
}

production if lower(input.incident.environment) in production_words

production if {
	some word in production_words
	some name, value in input.plan.entry.tags
	lower(name) in {"env", "environment", "stage"}
	lower(value) == word
}
