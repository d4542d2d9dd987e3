//! Words of which surroundings are made: what projects, people and machines are called.
//!
//! Not for: words by which a scanner knows a sample (`example`, `test`, `dummy` …); look-alikes that want one write it out.

/// Nouns that name services, tables, packages.
pub(crate) const WORDS: &[&str] = &[
    "account", "alert", "archive", "asset", "audit", "backup", "balance", "basket", "billing",
    "booking", "branch", "budget", "cache", "calendar", "campaign", "cargo", "catalog", "channel",
    "checkout", "claim", "cluster", "comment", "contact", "contract", "coupon", "courier",
    "customer", "dashboard", "delivery", "device", "digest", "dispatch", "document", "donation",
    "driver", "event", "export", "feed", "fleet", "forecast", "freight", "gateway", "grid",
    "harbor", "import", "indexer", "ingest", "insight", "inventory", "invoice", "journal",
    "kiosk", "lead", "ledger", "library", "listing", "loyalty", "mailer", "market", "matcher",
    "media", "member", "meter", "metric", "migration", "monitor", "notifier", "offer", "order",
    "packing", "parcel", "partner", "patient", "payment", "payroll", "pipeline", "planner",
    "portal", "pricing", "printer", "product", "profile", "quote", "receipt", "recipe", "refund",
    "registry", "relay", "rental", "report", "reservation", "retail", "return", "reward", "route",
    "scheduler", "search", "sensor", "session", "settlement", "shipment", "signup", "stock",
    "storage", "survey", "tariff", "tenant", "ticket", "timesheet", "tracker", "transfer",
    "uploader", "vendor", "vessel", "visitor", "voucher", "warehouse", "weather", "widget",
    "worker", "yard",
];

/// Verbs for functions.
pub(crate) const VERBS: &[&str] = &[
    "apply", "build", "check", "collect", "compute", "convert", "create", "drain", "enqueue",
    "fetch", "filter", "flush", "format", "handle", "load", "merge", "notify", "parse", "poll",
    "prepare", "publish", "read", "reconcile", "refresh", "render", "resolve", "restore",
    "retry", "save", "send", "split", "store", "submit", "sync", "update", "validate", "write",
];

/// Given names.
pub(crate) const GIVEN: &[&str] = &[
    "amara", "beatrix", "carlos", "daria", "edwin", "fatima", "gustav", "helene", "ines",
    "jakub", "kemal", "leonie", "mateo", "noor", "olga", "paolo", "quentin", "renata", "sanjay",
    "tove", "ulrich", "vera", "wendell", "ximena", "yara", "zoltan", "bianca", "dylan", "elif",
    "hiroshi",
];

/// Family names.
pub(crate) const FAMILY: &[&str] = &[
    "abbott", "bergstrom", "castillo", "demir", "engel", "ferrari", "grimaldi", "hoffman",
    "ito", "jansen", "kowalski", "lefevre", "mbeki", "nilsen", "oconnor", "popescu", "quiroga",
    "romero", "schmidt", "toivonen", "ueda", "vasquez", "whitaker", "xu", "yilmaz", "zieger",
];

/// Names of companies, for hosts, packages and images.
pub(crate) const COMPANIES: &[&str] = &[
    "alderbrook", "bluefin", "brightmoor", "cardinalis", "driftwood", "eastgate", "fernhill",
    "goldcrest", "highwater", "ironvale", "kingsmead", "larkspur", "mossgate", "northwind",
    "oakhaven", "pinecrest", "quickstep", "redfern", "silverlake", "thornbury", "underhill",
    "valecroft", "westmark", "yellowtail",
];

/// Ends of host names that exist.
pub(crate) const TOP_LEVELS: &[&str] = &["com", "io", "net", "dev", "cloud", "eu", "de", "co.uk"];

/// Beginnings of host names.
pub(crate) const SUBDOMAINS: &[&str] = &[
    "api", "app", "auth", "cdn", "ci", "db01", "db-primary", "edge", "files", "gw", "kafka-2",
    "ldap", "mail", "mq", "pg-eu1", "queue", "redis-3", "registry", "smtp", "sql07", "staging",
    "vpn", "www",
];

/// What people build passwords of.
pub(crate) const PASSWORD_WORDS: &[&str] = &[
    "Winter", "Summer", "Spring", "Autumn", "Monday", "Friday", "October", "Januar", "Chelsea",
    "Arsenal", "Yankees", "Ferrari", "Porsche", "Tiger", "Falcon", "Panther", "Dolphin",
    "Buster", "Rocky", "Bella", "Jasmine", "Matthew", "Danielle", "Nicole", "Orange", "Banana",
    "Coffee", "Pizza", "Guitar", "Hockey", "Soccer", "Phoenix", "Dragon", "Shadow", "Thunder",
    "Pirate", "Rainbow", "Sunshine", "Berlin", "London", "Paris", "Madrid", "Austin", "Denver",
    "Galaxy", "Matrix", "Merlin", "Gandalf", "Skywalker", "Pokemon",
];

/// Sentences for comments, logs and prose. `{}` is a noun.
pub(crate) const SENTENCES: &[&str] = &[
    "The {} is rebuilt every night after the import has finished.",
    "Keep this in sync with the {} service.",
    "Returns nothing when the {} is empty.",
    "See the runbook before you change the {} limits.",
    "Every {} is written twice during the migration.",
    "Retries three times, then gives up on the {}.",
    "Older clients send the {} without a currency.",
    "Runs once a minute and drains the {} queue.",
    "Rounding follows the rules of the {} team.",
    "Do not call this from the {} thread.",
    "Removes every {} that is older than ninety days.",
    "This was slow for customers with more than ten thousand {} rows.",
    "The {} must be loaded before the first request.",
    "Only the {} owner may see these figures.",
    "Falls back to the default {} of the region.",
];
