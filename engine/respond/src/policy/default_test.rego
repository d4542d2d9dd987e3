# Tests of the policy that comes with the program. Run yours with `leakward policy test`.
package leakward

import rego.v1

live_token := {
	"incident": {"verdict": "live", "test_fixture": false, "exposure": "private", "severity": "high", "environment": ""},
	"plan": {"provider": "github", "revoke_action": "github-revoke-token", "has_a_cut": false, "entry": {"tags": {}}},
	"approved_by": [],
}

with_incident(changes) := object.union(live_token, {"incident": object.union(live_token.incident, changes)})

with_plan(changes) := object.union(live_token, {"plan": object.union(live_token.plan, changes)})

test_a_live_token_is_revoked_by_itself if {
	approvals == 0 with input as live_token
	not containment_first with input as live_token
	count(deny) == 0 with input as live_token
}

test_a_dead_or_unknown_one_waits if {
	approvals == 1 with input as with_incident({"verdict": "dead"})
	approvals == 1 with input as with_incident({"verdict": "unknown"})
}

test_another_action_waits if {
	approvals == 1 with input as with_plan({"revoke_action": "azure-regenerate-storage-key"})
}

test_material_of_tests_waits if {
	approvals == 1 with input as with_incident({"test_fixture": true})
}

test_a_cut_waits if {
	approvals == 1 with input as with_plan({"has_a_cut": true})
}

test_production_needs_two if {
	approvals == 2 with input as with_plan({"entry": {"tags": {"env": "Production"}}})
	approvals == 2 with input as with_incident({"environment": "prod"})
}

test_a_public_critical_key_is_contained_first if {
	public_key := with_incident({"exposure": "public", "severity": "critical"})
	containment_first with input as public_key
	approvals == 0 with input as public_key
}

test_a_public_key_that_is_dead_is_in_no_hurry if {
	dead_key := with_incident({"exposure": "public", "severity": "critical", "verdict": "dead"})
	not containment_first with input as dead_key
}

test_what_nobody_can_revoke_does_not_run if {
	by_hand := with_plan({"provider": null, "revoke_action": null})
	count(deny) == 1 with input as by_hand
	approvals == 1 with input as by_hand
	count(reasons) == 0 with input as by_hand
}
