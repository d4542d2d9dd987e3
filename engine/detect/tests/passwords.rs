//! Passwords that look like something else (a name, a sample, an id, a sentence) and are set all the same, and what resembles
//! them and is none.
//!
//! What a machine draws is drawn here as well; words are what people choose.

use leakward_detect::{Detector, Settings};
use leakward_rules::built_in;
use leakward_rules::sample::Template;

/// Texts with their password in marks.
const PASSWORDS: &[&str] = &[
    "DB_PASSWORD=«Firefly»",
    "DB_PASSWORD=«dbpassword1»",
    "PGPASSWORD_ADMIN=«firefly» psql my shop",
    "DB_PASSWORD=«{hex:8}-{hex:4}-4{hex:3}-8{hex:3}-{hex:12}»",
    "user: derek\npassword: «{hex:8}-{hex:4}-4{hex:3}-8{hex:3}-{hex:12}»",
    "password = \"«Super-Secret-Prod-2024»\"",
    "password = \"«Porkchop-{digits:4}!»\" // TODO: replace with env var",
    "password = \"«correctHorse4BatteryStaple»\"",
    "postgres://app:«secret123»@db1.acme.io/shop",
    "setEncryptedPreference(\"password\", \"«Porkchop-{digits:4}!»\")",
    "DB_PASSWORD=«{base62:20}}}»",
    "User{{id=1, password=«{base62:20}»}}",
    "[User(id=1, password=«{base62:14}»), User(id=2, role=x)]",
    "sign --ks-pass pass:«{base62:16}» --ks-key-alias x",
    "DB_PASSWORD: «rundeckadmin»",
    "hashAndSetPassword(\"«Porkchop-{digits:4}!»\")",
    "set $api_token \"«{base62:22}»\";",
    "storePassword '«fw.stabs.steady.wool»'",
    "ssl.truststore.password=«firefly»",
    "mysqlPassword: \"«firefly»\"",
    "SHOP_SUPERUSER_PASSWORD=«vulhub» \\",
    "SECRET_KEY = '«\\2\\1thisismyscretkey\\1\\2\\e\\y\\y\\h»'",
    "env \"SHOP_PASSWORD=«clickhouse»\" \\\n  \"SHOP_HOST=127.0.0.1\" \\\n  \"SHOP_PORT=6379\" \\",
    "external_password: \"«K8s_admin»\"",
    "<users username=\"u\" password=\"«{hex:40}»\" role=\"x\"/>",
    "api_key = \"«{base62:22}»\"",
    "If: (&lt;urn:token:«{base62:32}»&gt;)",
    "user:    derek\npassword: «porkchop»",
    "{{% set db_password = \"«Porkchop-{digits:4}!»\" %}}",
    "LABEL_STUDIO_PASSWORD=«{base62:20}»",
    "WHITE_LABEL_SMTP_PASSWORD=«{base62:20}»",
    "[docs](https://api.acme.io/v1?api_key=«{hex:32}»&format=json)",
    "crypto.password: «{base62:32}»\ncrypto.salt: {hex:16}",
    "image:\n  digest: sha256:{hex:64}\nauth:\n  password: «{hex:64}»",
    "docker run \\\n  --env DB_PASSWORD=«firefly» \\",
    "# define DB_PASSWORD \"«{base62:20}»\"",
    "DB_PASSWORD=«derek07_pass»",
    "DB_PASSWORD=«max:power99»",
    "MOCKAROO_API_KEY=«{hex:32}»",
    "DB_PASSWORD=«wqzx-k7m-rtpv»",
    "password = AndroidString(\"«Porkchop-{digits:4}!»\")",
    "login(userAndPassword(\"derek-{digits:4}\", \"«Porkchop-{digits:4}!»\"))",
    "login(userAndPassword(user, \"«Porkchop-{digits:4}!»\"))",
    "rethinkdb://app:«blue_{lower:6}»@db1.acme.io:28015/shop",
    "\"CONNECT {{\\\"user\\\":\\\"derek\\\",\\\"pass\\\":\\\"«{base62:16}»\\\"}}\"",
    "expect(header).toBe(\"Basic «{basic-auth}»\")",
    "`dbname=shop host=db1 user=app password=«{base62:14}»` is the address",
];

/// Texts of the same forms without one.
const NO_PASSWORDS: &[&str] = &[
    "DB_PASSWORD=newPassword",
    "DB_PASSWORD=\"Firefly\"",
    "password=firefly to my shop",
    "label.password = \"{hex:8}-{hex:4}-4{hex:3}-8{hex:3}-{hex:12}\"",
    "password = \"super-secret-of-prod-shop\"",
    "password = \"Porkchop-{digits:4}\" // replace with your own, it is a dummy",
    "token = \"render4BatteryStaple\"",
    "api_token = \"secret123\"",
    "encryptText(\"password\", \"Porkchop-{digits:4}!\")",
    "sign --ks-pass pass:pass1 --ks-key-alias x",
    "# DB_PASSWORD: rundeckadmin",
    "password: \"Token copied!\"",
    "password = \"optional(string)\"",
    "credentials(userAndPassword(\"x9-{base62:9}\", secret))",
    "login(userAndPassword(\"derek-{digits:4}\", secret))",
    "keyPassword 'com.acme.shop.release'",
    "userPassword: \"firefly\"",
    "SECRET_KEY = '\\secrets\\store\\app\\key'",
    "<users username=\"u\" password=\"{hex:40}\" salt=\"{hex:38}\"/>",
    "\"salt\": \"{base64:44}\"",
    "// md5\n'password' => '{hex:32}',",
    "api_key = \"{base62:22}\" + (\"A\" * 110)",
    "loc.input.label.keyPass = \"{base62:20}\"",
    "mockPassword = \"{base62:9}\"",
    "-- DB_PASSWORD=firefly",
    "DB_PASSWORD=min:16",
    "wrongTestPassword = \"123{lower:5}!\"",
    "'example' => '$argon2id$v=19$m=2048,t=4,p=3${base62:22}${base62:43}'",
    "keyStorePassword: AM.{base62:5}.AES128.{base62:40}",
    "If: (&lt;opaquelocktoken:{uuid}&gt;)",
    "\"Connection to redis://password:secret@host:6379 failed\"",
    "rethinkdb://app:auth_key@db1.acme.io:28015/shop",
    "https://app:{base62:20}@fake-acme.io/shop",
    "Server=db1.acme.io;User Id=app;Password=mypass;Database=shop",
    "mysqldump --password= shopware",
    "ubuntu : TTY=pts/0 ; PWD=/tmp ; USER=root",
    "\"acme/password\": \"^1.0\",",
    "{{ token: \"--popover\" }}",
    "self.__pwd = 'C:\\\\'",
    "apiKey = \"a0b1c2d3-e4f5-g6h7-i8j9-k0l1m2n3o4p5\"",
    "expect(header).toBe(\"Basic YTpi\")",
    "expect(header).toBe(\"Basic usage of {base62:12}\")",
];

fn found(detector: &Detector, text: &str) -> Vec<String> {
    let detection = detector.detect(text.as_bytes(), &mut detector.scratch());
    let spans = detection.matches.iter().map(|matched| matched.span.range());
    spans.map(|span| text[span].to_owned()).collect()
}

#[test]
fn passwords_that_look_like_something_else_are_found() {
    let detector = Detector::new(built_in().to_vec(), Settings::default()).expect("built-in rules");
    for template in PASSWORDS {
        let template = Template::parse(template).expect("a template");
        for seed in 0..5 {
            let rendered = template.render(seed);
            let text = &rendered.text;
            assert_eq!(found(&detector, text), [rendered.credential()], "{text}");
        }
    }
}

#[test]
fn what_resembles_them_is_left_alone() {
    let detector = Detector::new(built_in().to_vec(), Settings::default()).expect("built-in rules");
    for template in NO_PASSWORDS {
        let text = Template::parse(template)
            .expect("a template")
            .render(1)
            .text;
        assert_eq!(found(&detector, &text), [""; 0], "{text}");
    }
}
