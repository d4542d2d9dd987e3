//! What an AWS key may do: the policies of its user or role, as far as the key itself may read them.
//!
//! Reads only: `GetCallerIdentity`, then IAM's `List…` and `Get…`. What is denied is told as denied: that says something about the
//! key as well. <https://docs.aws.amazon.com/IAM/latest/APIReference/>

use leakward_core::{Reach, Secret};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::aws_sts::{self, Signer};
use super::{Ask, Case};
use crate::answer::Answer;
use crate::judge::Judgement;
use crate::scrub::{Facts, harmless};
use crate::subject::Subject;

/// LIMIT: policies whose text is read, of each kind.
const MOST_POLICIES: usize = 10;

/// LIMIT: statements of one policy that are told.
const MOST_STATEMENTS: usize = 20;

pub(super) fn reach(case: &Case<'_>, ask: &Ask<'_>) -> Vec<Reach> {
    let signer = match aws_sts::signer(case) {
        Ok(signer) => signer,
        Err(reason) => return vec![unread("policies", &reason.to_string())],
    };
    let reader = Reader {
        signer: &signer,
        subject: case.subject,
        ask,
    };
    let arn = match reader.sts() {
        Ok(arn) => arn,
        Err(reason) => return vec![unread("identity", &reason)],
    };
    match Principal::of(&arn) {
        Some(principal) => reader.all(&principal),
        None => vec![Reach {
            name: "policies".to_owned(),
            items: vec!["everything: it is the account's root user".to_owned()],
            note: None,
        }],
    }
}

/// Whose policies are read.
struct Principal {
    /// `User` or `Role`, as IAM's actions are called.
    kind: &'static str,
    name: String,
}

impl Principal {
    /// `arn:aws:iam::1:user/path/name`, `arn:aws:sts::1:assumed-role/name/session`; none for root.
    fn of(arn: &str) -> Option<Self> {
        let resource = arn.splitn(6, ':').nth(5)?;
        let (kind, rest) = resource.split_once('/')?;
        match kind {
            "user" => Some(Self {
                kind: "User",
                name: rest.rsplit('/').next()?.to_owned(),
            }),
            "assumed-role" => Some(Self {
                kind: "Role",
                name: rest.split('/').next()?.to_owned(),
            }),
            _ => None,
        }
    }
}

struct Reader<'r> {
    signer: &'r Signer,
    subject: &'r Subject,
    ask: &'r Ask<'r>,
}

impl Reader<'_> {
    fn all(&self, principal: &Principal) -> Vec<Reach> {
        let Principal { kind, name } = principal;
        let mut reached = vec![
            self.attached("attached policies", kind, name),
            self.inline("inline policies", kind, name),
        ];
        if *kind == "User" {
            let groups = self.list(
                "groups",
                &[("Action", "ListGroupsForUser"), ("UserName", name)],
                "GroupName",
            );
            for group in groups.items.iter().take(MOST_POLICIES) {
                reached.push(self.attached(&format!("policies of group {group}"), "Group", group));
                reached.push(self.inline(
                    &format!("inline policies of group {group}"),
                    "Group",
                    group,
                ));
            }
            reached.insert(0, groups);
            reached.push(self.list(
                "access keys",
                &[("Action", "ListAccessKeys"), ("UserName", name)],
                "AccessKeyId",
            ));
        }
        reached
    }

    fn attached(&self, shown: &str, kind: &str, name: &str) -> Reach {
        let action = format!("ListAttached{kind}Policies");
        let parameter = format!("{kind}Name");
        let answer = match self.iam(&[("Action", &action), (&parameter, name)]) {
            Ok(answer) => answer,
            Err(reason) => return unread(shown, &reason),
        };
        let arns = tags(&answer, "PolicyArn");
        let mut items = Vec::new();
        for (at, arn) in arns.iter().enumerate() {
            let policy = arn.rsplit('/').next().unwrap_or_default().to_owned();
            // What the account wrote itself does not say by its name what it is.
            let is_own = !arn.contains(":iam::aws:");
            if is_own && at < MOST_POLICIES {
                items.extend(self.managed(arn, &policy));
            } else {
                items.push(policy);
            }
        }
        self.told(shown, &items)
    }

    /// The statements of a policy's version that is in force.
    fn managed(&self, arn: &str, policy: &str) -> Vec<String> {
        let version = self
            .iam(&[("Action", "GetPolicy"), ("PolicyArn", arn)])
            .and_then(|answer| {
                tags(&answer, "DefaultVersionId")
                    .into_iter()
                    .next()
                    .ok_or_else(|| "no version".to_owned())
            });
        let document = version.and_then(|version| {
            self.iam(&[
                ("Action", "GetPolicyVersion"),
                ("PolicyArn", arn),
                ("VersionId", &version),
            ])
        });
        match document {
            Ok(answer) => statements(policy, &answer, "Document"),
            Err(reason) => vec![format!("{policy} (its text could not be read: {reason})")],
        }
    }

    fn inline(&self, shown: &str, kind: &str, name: &str) -> Reach {
        let (list, get) = (format!("List{kind}Policies"), format!("Get{kind}Policy"));
        let parameter = format!("{kind}Name");
        let answer = match self.iam(&[("Action", &list), (&parameter, name)]) {
            Ok(answer) => answer,
            Err(reason) => return unread(shown, &reason),
        };
        let names = match answer.split_once("<PolicyNames>") {
            Some((_, rest)) => tags(rest, "member"),
            None => Vec::new(),
        };
        let mut items = Vec::new();
        for policy in names.iter().take(MOST_POLICIES) {
            let request = [
                ("Action", &*get),
                (&*parameter, name),
                ("PolicyName", policy),
            ];
            match self.iam(&request) {
                Ok(answer) => items.extend(statements(policy, &answer, "PolicyDocument")),
                Err(reason) => {
                    items.push(format!("{policy} (its text could not be read: {reason})"));
                }
            }
        }
        self.told(shown, &items)
    }

    fn list(&self, shown: &str, request: &[(&str, &str)], tag: &str) -> Reach {
        match self.iam(request) {
            Ok(answer) => self.told(shown, &tags(&answer, tag)),
            Err(reason) => unread(shown, &reason),
        }
    }

    fn told(&self, shown: &str, items: &[String]) -> Reach {
        Reach {
            name: shown.to_owned(),
            items: items
                .iter()
                .filter_map(|item| harmless(item, self.subject))
                .collect(),
            note: None,
        }
    }

    fn sts(&self) -> Result<String, String> {
        let exchange = self.signer.sts(ignore);
        let answer = answered(&(self.ask)(&exchange)?)?;
        tags(&answer, "Arn")
            .into_iter()
            .next()
            .ok_or_else(|| "AWS does not say whose key it is".to_owned())
    }

    fn iam(&self, request: &[(&str, &str)]) -> Result<String, String> {
        let exchange = self.signer.iam(request, ignore);
        answered(&(self.ask)(&exchange)?)
    }
}

/// Details are read from the answer itself.
pub(crate) fn ignore(_answer: &Answer, _subject: &Subject) -> (Judgement, Facts) {
    (Judgement::unknown("not judged"), Facts::default())
}

fn answered(answer: &Answer) -> Result<String, String> {
    let body = String::from_utf8_lossy(&answer.body).into_owned();
    if answer.status == 200 {
        return Ok(body);
    }
    let code = tags(&body, "Code").into_iter().next();
    Err(format!("{} ({})", code.unwrap_or_default(), answer.status))
}

fn unread(shown: &str, reason: &str) -> Reach {
    Reach {
        name: shown.to_owned(),
        items: Vec::new(),
        note: Some(format!("could not be read: {reason}")),
    }
}

/// The texts of all elements of that name.
pub(crate) fn tags(body: &str, name: &str) -> Vec<String> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    body.split(&*open)
        .skip(1)
        .filter_map(|rest| Some(rest.split_once(&*close)?.0.to_owned()))
        .collect()
}

/// `policy: Allow s3:* on *`, a line for each statement.
fn statements(policy: &str, answer: &str, tag: &str) -> Vec<String> {
    let document = tags(answer, tag).into_iter().next().unwrap_or_default();
    let decoded = percent_decode_str(&document).decode_utf8_lossy();
    let Ok(json) = serde_json::from_str::<Value>(&decoded) else {
        return vec![format!("{policy} (its text makes no sense)")];
    };
    let list = match json.get("Statement") {
        Some(Value::Array(list)) => list.clone(),
        Some(one) => vec![one.clone()],
        None => Vec::new(),
    };
    let words = |statement: &Value, name: &str| match statement.get(name) {
        Some(Value::String(word)) => word.clone(),
        Some(Value::Array(words)) => words
            .iter()
            .filter_map(Value::as_str)
            .collect::<Vec<_>>()
            .join(", "),
        _ => String::new(),
    };
    list.iter()
        .take(MOST_STATEMENTS)
        .map(|statement| {
            let actions = match words(statement, "Action") {
                none if none.is_empty() => format!("all but {}", words(statement, "NotAction")),
                some => some,
            };
            let condition = if statement.get("Condition").is_some() {
                " under conditions"
            } else {
                ""
            };
            format!(
                "{policy}: {} {actions} on {}{condition}",
                words(statement, "Effect"),
                words(statement, "Resource"),
            )
        })
        .collect()
}

/// A form's body.
pub(super) fn form(pairs: &[(&str, &str)]) -> Secret {
    let encoded =
        |text: &str| percent_encoding::utf8_percent_encode(text, crate::fill::KEPT).to_string();
    let text: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
        .collect();
    Secret::new(text.join("&").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_principal_is_read_from_its_arn() {
        let of = |arn: &str| Principal::of(arn).map(|p| format!("{} {}", p.kind, p.name));
        assert_eq!(
            of("arn:aws:iam::123456789012:user/team/app").as_deref(),
            Some("User app")
        );
        assert_eq!(
            of("arn:aws:sts::123456789012:assumed-role/deploy/session").as_deref(),
            Some("Role deploy")
        );
        assert_eq!(of("arn:aws:iam::123456789012:root"), None);
    }

    #[test]
    fn a_policy_is_told_in_lines() {
        let document = r#"{"Statement":[{"Effect":"Allow","Action":["s3:Get*","s3:List*"],"Resource":"*"},{"Effect":"Deny","NotAction":"iam:*","Resource":["a","b"],"Condition":{}}]}"#;
        let encoded =
            percent_encoding::utf8_percent_encode(document, percent_encoding::NON_ALPHANUMERIC);
        let answer = format!("<PolicyDocument>{encoded}</PolicyDocument>");
        assert_eq!(
            statements("p", &answer, "PolicyDocument"),
            [
                "p: Allow s3:Get*, s3:List* on *",
                "p: Deny all but iam:* on a, b under conditions"
            ]
        );
        assert_eq!(
            statements("p", "", "Document"),
            ["p (its text makes no sense)"]
        );
    }
}
