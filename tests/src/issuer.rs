//! A provider of API keys on this machine, which counts what is asked of it: SendGrid's documented interface
//! (<https://www.twilio.com/docs/sendgrid/api-reference/api-keys>), as far as keys are verified, made, listed and taken away.
//!
//! It takes its time to answer, before and after it has acted, so that a crash meets it in the middle of everything.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use crate::credential::drawn;
use crate::http::{Asked, HttpServer};

/// What administrators of the account prove themselves with.
const ADMIN: &str = "the administrator of the played provider";

/// Before and after each act.
const SLOWNESS: Duration = Duration::from_millis(15);

#[derive(Debug, Default)]
struct Account {
    /// Keys that work: name and value, by id.
    keys: BTreeMap<String, (String, String)>,
    /// Names of all that were made by somebody who asked for it.
    made: Vec<String>,
    /// Ids, in the order in which they were taken away.
    removed: Vec<String>,
    /// Ids that somebody wanted to take away that were not there.
    removed_in_vain: Vec<String>,
    count: u64,
}

impl Account {
    fn issue(&mut self, name: &str) -> (String, String) {
        self.count += 1;
        let seed = format!("{name} {}", self.count);
        let id = drawn(&format!("id of {seed}"), 22);
        let value = ["SG", &id, &drawn(&format!("secret of {seed}"), 43)].join(".");
        self.keys
            .insert(id.clone(), (name.to_owned(), value.clone()));
        (id, value)
    }

    fn knows(&self, value: &str) -> bool {
        self.keys.values().any(|(_, known)| known == value)
    }
}

/// What was asked of the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acts {
    /// Keys that were made.
    pub made: usize,
    /// Keys that were taken away, each of them once.
    pub removed: BTreeSet<String>,
    /// How often a key was to be taken away that was gone already.
    pub removed_in_vain: usize,
}

/// The running provider.
#[derive(Clone, Debug)]
pub struct Issuer {
    server: HttpServer,
    account: Arc<Mutex<Account>>,
}

impl Issuer {
    /// Starts one.
    #[must_use]
    pub fn start() -> Self {
        let account = Arc::<Mutex<Account>>::default();
        let asked = Arc::clone(&account);
        let server = HttpServer::start(move |request| {
            let acts = !request.line.starts_with("GET ");
            if acts {
                std::thread::sleep(SLOWNESS);
            }
            let reply = answer(&mut lock(&asked), request);
            if acts {
                std::thread::sleep(SLOWNESS);
            }
            let body = match reply.1 {
                Value::Null => String::new(),
                said => said.to_string(),
            };
            (reply.0, body)
        });
        Self { server, account }
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// What the service acts as.
    #[must_use]
    pub fn admin(&self) -> &'static str {
        ADMIN
    }

    /// A key that somebody made by hand.
    #[must_use]
    pub fn issue(&self, name: &str) -> String {
        lock(&self.account).issue(name).1
    }

    /// Whether a key works.
    #[must_use]
    pub fn knows(&self, value: &str) -> bool {
        lock(&self.account).knows(value)
    }

    /// How many keys work.
    #[must_use]
    pub fn working(&self) -> usize {
        lock(&self.account).keys.len()
    }

    /// What was asked of it.
    #[must_use]
    pub fn acts(&self) -> Acts {
        let account = lock(&self.account);
        Acts {
            made: account.made.len(),
            removed: account.removed.iter().cloned().collect(),
            removed_in_vain: account.removed_in_vain.len(),
        }
    }
}

/// The id of a key, which is its middle part.
#[must_use]
pub fn id_of(key: &str) -> &str {
    key.split('.').nth(1).unwrap_or_default()
}

fn lock(account: &Mutex<Account>) -> MutexGuard<'_, Account> {
    account.lock().unwrap_or_else(PoisonError::into_inner)
}

fn answer(account: &mut Account, asked: &Asked) -> (u16, Value) {
    let token = asked
        .head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("authorization"))
        .and_then(|(_, value)| value.trim().strip_prefix("Bearer "))
        .unwrap_or_default();
    let is_admin = token == ADMIN;
    if !is_admin && !account.knows(token) {
        let error = json!({"errors": [{"field": null, "message": "authorization required"}]});
        return (401, error);
    }
    let (verb, path) = asked.line.split_once(' ').unwrap_or_default();
    let path = path.split('?').next().unwrap_or_default();
    match (verb, path) {
        ("GET", "/v3/scopes") => (200, json!({"scopes": ["mail.send"]})),
        _ if !is_admin => (
            403,
            json!({"errors": [{"field": null, "message": "access forbidden"}]}),
        ),
        ("GET", "/v3/api_keys") => {
            let listed = account.keys.iter();
            let listed: Vec<Value> = listed
                .map(|(id, (name, _))| json!({"api_key_id": id, "name": name}))
                .collect();
            (200, json!({ "result": listed }))
        }
        ("POST", "/v3/api_keys") => {
            let name = asked.json()["name"].as_str().unwrap_or_default().to_owned();
            let (id, value) = account.issue(&name);
            account.made.push(name.clone());
            (
                201,
                json!({"api_key": value, "api_key_id": id, "name": name, "scopes": ["mail.send"]}),
            )
        }
        ("DELETE", _) => remove(account, path),
        _ => (404, json!({})),
    }
}

fn remove(account: &mut Account, path: &str) -> (u16, Value) {
    let id = path.rsplit('/').next().unwrap_or_default().to_owned();
    if account.keys.remove(&id).is_some() {
        account.removed.push(id);
        return (204, Value::Null);
    }
    account.removed_in_vain.push(id);
    (
        404,
        json!({"errors": [{"message": "unable to find API Key"}]}),
    )
}
