//! A value assigned to a name is found in the ways of many languages and formats, exactly as long as it is.
//!
//! The values are drawn by a generator, so that none stands here.

use leakward_core::rule::Find;
use leakward_detect::{Detection, Detector, Settings};
use leakward_rules::built_in;
use leakward_rules::sample::Template;

/// Language or format, and how it writes down that a name has a value. `@` stands for the value.
const FORMS: &[(&str, &str)] = &[
    ("Python", "DB_PASSWORD = \"@\""),
    ("Python, typed", "password: str = '@'"),
    ("Python, bytes", "SECRET_KEY = b'@'"),
    ("Python, dictionary", "conf['password'] = '@'"),
    ("Python, keyword", "connect(user='u', password='@')"),
    ("Python, default", "password = os.environ.get('PW') or '@'"),
    ("JavaScript", "const apiKey = '@';"),
    ("JavaScript, template", "let password = `@`;"),
    ("JavaScript, member", "config.db.password = \"@\";"),
    (
        "JavaScript, default",
        "const password = process.env.PW || '@';",
    ),
    ("TypeScript", "private readonly password: string = '@';"),
    ("Java", "private static final String PASSWORD = \"@\";"),
    ("Java, setter", "dataSource.setPassword(\"@\");"),
    ("Kotlin", "val password: String = \"@\""),
    ("Scala", "val password = \"@\""),
    ("Go", "password := \"@\""),
    ("Go, structure", "Password: \"@\","),
    ("Go, bytes", "var secretKey = []byte(\"@\")"),
    ("Rust", "const PASSWORD: &str = \"@\";"),
    ("Rust, owned", "let password = String::from(\"@\");"),
    ("C", "#define PASSWORD \"@\""),
    ("C, array", "char password[32] = \"@\";"),
    ("C++", "std::string password{\"@\"};"),
    ("C#", "string password = @\"@\";"),
    ("Visual Basic", "Dim password As String = \"@\""),
    ("PHP", "$password = '@';"),
    ("PHP, define", "define('DB_PASSWORD', '@');"),
    ("PHP, array", "'password' => '@',"),
    ("Ruby", "password = '@'"),
    ("Ruby, symbol", ":password => '@'"),
    ("Ruby, hash", "password: '@',"),
    ("Perl", "my $password = '@';"),
    ("Lua", "local password = \"@\""),
    ("Swift", "let password: String = \"@\""),
    ("Objective-C", "NSString *password = @\"@\";"),
    ("Dart", "final String password = '@';"),
    ("Elixir", "password: \"@\""),
    ("Erlang", "{password, \"@\"}."),
    ("R", "password <- \"@\""),
    ("PowerShell", "$Password = \"@\""),
    (
        "PowerShell, value",
        "New-ItemProperty -Path $p -Name \"Password\" -Value \"@\"",
    ),
    (
        "PowerShell, environment",
        "Set-Item -Path Env:DB_PASSWORD -Value '@'",
    ),
    ("shell", "export DB_PASSWORD=@"),
    ("shell, quoted", "DB_PASSWORD='@'"),
    ("batch", "set PASSWORD=@"),
    ("Dockerfile", "ENV DB_PASSWORD=@"),
    ("Dockerfile, blank", "ENV DB_PASSWORD @"),
    ("environment file", "MYSQL_PASSWORD=@"),
    ("properties", "spring.datasource.password=@"),
    ("properties, in parts", "acme.auth.token.secret.key=@"),
    ("INI", "password = @"),
    ("TOML", "password = \"@\""),
    ("YAML", "  password: @"),
    ("YAML, quoted", "  password: \"@\""),
    ("YAML, pairs", "- name: DB_PASSWORD\n  value: \"@\""),
    ("JSON", "{\"password\": \"@\"}"),
    ("JSON, escaped", "\"{\\\"password\\\": \\\"@\\\"}\""),
    ("XML, element", "<password>@</password>"),
    ("XML, attribute", "<user name=\"x\" password=\"@\"/>"),
    ("XML, pair", "<add key=\"password\" value=\"@\" />"),
    ("property list", "<key>ApiSecret</key>\n<string>@</string>"),
    (
        "Android's manifest",
        "<meta-data android:name=\"com.acme.API_KEY\" android:value=\"@\" />",
    ),
    ("HCL", "password = \"@\""),
    ("SQL", "ALTER USER x WITH PASSWORD '@';"),
    (
        "SQL, columns",
        "INSERT INTO users (name, password) VALUES ('ann', '@');",
    ),
    ("SQL, unquoted", "CREATE USER ann IDENTIFIED BY @;"),
    (
        "connection string",
        "Server=db;User Id=u;Password=@;Database=x",
    ),
    ("query", "https://host.acme.io/x?u=1&password=@&x=2"),
    ("command line", "mysqldump --password=@ shop"),
    (
        "command line, list",
        "command: [\"redis\", \"--password\", \"@\"]",
    ),
    ("container", "docker run -e DB_PASSWORD=@ postgres"),
    ("Python, list", "passwords = [\"@\"]"),
    ("JSON, list", "{\"access_tokens\": [\"@\"]}"),
    ("Go, list", "var apiKeys = []string{\"@\"}"),
    ("Java, list", "List<String> tokens = List.of(\"@\");"),
    ("Go, decoded", "secret, err := hex.DecodeString(\"@\")"),
    (
        "Java, decoded",
        "mac.setSecret(Base64.getDecoder().decode(\"@\"));",
    ),
    ("Python, decoded", "secret = binascii.unhexlify('@')"),
    ("Ruby, form", "fill_in :password, with: '@'"),
    ("Ruby, confirmation", "password_confirmation: '@',"),
    ("Spring, default", "@Value(\"${shop.db.password:@}\")"),
    (
        "Python, default of a call",
        "SECRET_KEY = env.str('SECRET_KEY', default='@')",
    ),
    (
        "Python, default beside the name",
        "password = os.environ.get('DB_PASSWORD', '@')",
    ),
    (
        "Spring, default of another name",
        "spring.datasource.password=${DB_PASSWORD:@}",
    ),
    (
        "Compose, default",
        "  POSTGRES_PASSWORD: ${POSTGRES_PASSWORD:-@}",
    ),
    (
        "Compose, default in quotes",
        "  MYSQL_PASSWORD: \"${DB_PASS:-@}\"",
    ),
    ("environment file, default", "DB_PASSWORD=${DB_PASSWORD:-@}"),
    (
        "environment file, default of what is unset",
        "DB_PASSWORD=${DB_PASSWORD-@}",
    ),
    (
        "Spring, name with a dash",
        "shop.password=${shop.db-main.password:@}",
    ),
    ("SQL, function", "UPDATE user SET password=PASSWORD('@');"),
];

/// What the forms are not read as, so far: the list shrinks, and a form that is read has to leave it.
const NOT_READ: &[&str] = &[];

fn values() -> Vec<String> {
    let template = Template::parse("«{base62:22}»").expect("a template");
    (0..12).map(|seed| template.render(seed).text).collect()
}

fn is_assignment(detector: &Detector, rule: usize) -> bool {
    matches!(&detector.rules()[rule].find, Find::Native(native) if native.detector == "assignment")
}

fn found<'a>(text: &'a str, detection: &Detection) -> Vec<&'a str> {
    detection
        .matches
        .iter()
        .map(|matched| &text[matched.span.range()])
        .collect()
}

#[test]
fn values_are_found_whole_in_every_language() {
    let detector = Detector::new(built_in().to_vec(), Settings::default()).expect("built-in rules");
    let mut scratch = detector.scratch();
    let mut wrong = Vec::new();
    for (language, form) in FORMS {
        let values = values();
        let missed = values.iter().filter(|value| {
            // An at sign that is written is one of C#'s or Objective-C's.
            let text = match form.rsplit_once('@') {
                Some((before, after)) => format!("first line\n{before}{value}{after}\nlast line\n"),
                None => String::new(),
            };
            let detection = detector.detect(text.as_bytes(), &mut scratch);
            found(&text, &detection) != [value.as_str()]
        });
        let missed = missed.count();
        if (missed > 0) != NOT_READ.contains(language) {
            wrong.push(format!(
                "{language}: {missed} of {} values are missed",
                values.len()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_no_value_is_left_alone_in_every_language() {
    let settings = Settings {
        sensitivity: leakward_detect::Sensitivity::High,
        ..Settings::default()
    };
    let detector = Detector::new(built_in().to_vec(), settings).expect("built-in rules");
    let mut scratch = detector.scratch();
    let no_values = [
        "",
        "${DB_PASSWORD}",
        "<password>",
        "changeme",
        "your_password_here",
        "********",
        "process.env.DB_PASSWORD",
    ];
    for (language, form) in FORMS {
        for value in no_values {
            let (before, after) = form.rsplit_once('@').expect("a place for the value");
            let text = format!("first line\n{before}{value}{after}\nlast line\n");
            let detection = detector.detect(text.as_bytes(), &mut scratch);
            let assigned: Vec<_> = detection
                .matches
                .iter()
                .filter(|matched| is_assignment(&detector, matched.rule))
                .map(|matched| &text[matched.span.range()])
                .collect();
            assert_eq!(assigned, [""; 0], "{language}: {value}");
        }
    }
}

/// What was reported on public trees and is a piece of a program, of a page or of a test run's output.
#[test]
fn what_only_stands_beside_a_name_is_left_alone() {
    let detector = Detector::new(built_in().to_vec(), Settings::default()).expect("built-in rules");
    let mut scratch = detector.scratch();
    for text in [
        "token = values[0][6:]",
        "strings.Contains(url, \"x-access-token:\"+ambientToken+\"@\")",
        "resetPasswordToken = link.split('token=')[1].split('&')[0];",
        "\"one_time_token\":\"'.$request->payment_token.'\"",
        "$s .= 'passphrase='.urlencode($this->getConfigField('passphrase'));",
        "<p-input autocomplete=\"x\" [password]=\"error()?.password\">",
        "--- PASS: Install_k9s (1.36s) - tools",
        ".one_of(&[\"VAULT_ID_TOKEN\", \"CI_JOB_JWT_V2\"])",
        "authToken:\"鉴权Token（可选）\"",
        "$table->renameForeignKey('oauth2_access_tokens', 'FK_368A42095DA0FB8F');",
        "password \"([^\\\"]*)\"",
        "update_password: always",
        "password.length = 12345678",
        "my.token.expiry.format=HH:mm:ss.SSS",
        "\"secret\": \",listKeys(concat(\"",
        "spring-security-password-impl:jar:1.15.2-7Q",
        "    //   \"access_token\": \"t-x9k2mfqw4dcsj7x1z8v5\",",
        "tokenPrefix = \"k8s-aws-v1.\"",
        "ETCD_INITIAL_CLUSTER_TOKEN=k8s_etcd",
        "client_secret = \"%d-9k2mfqwdcsjx-%d\"",
        "[\"client_credentials\"]', '[\\\"user.read\\\",\\\"user.write\\\"]'",
        "![x](https://img.shields.io/codecov/c/github/a/b?token=Qk7RUv9fbd)",
        "'password': 'anonymous@'",
        "sqlserver://用户名:密码@地址?database=x",
        "v-if=\"type === 'password'\" :icon=\"faEye\"",
        "ret['password'] = '$encrypted$'",
        "--cookie 'csrftoken=K7Qz0xVVm1rWX8pmNylz5ygTPaqz'",
        "Route::post('password', 'SettingsController@passwordUpdate')",
        "$this->loginService->login($user, 'saml2');",
        "https://cdn.acme.io/5dcbb2eae4b0?e=1573634298&token=kQzI0BY8QfVrIGn9nENop6JAc6l5nZ:n-8x7LqCxm9R",
        "mToken=WindowToken{71c3c1d type=2024}",
        "GET_PASSWORD = \"com.x8bit.acme.credentials.ACTION_GET_PASSWORD\"",
        "token: '^(abc123|zyx789)$'",
        "'new_password' => ['required', 'confirmed', 'secure_password', 'min:16'],",
        "print(f\"ID={row[0]} Password={row[2]}\")",
        "$module = Import-Module -Name $path -Global -PassThru -Force",
        "\"mysql -hHOST -uUSER -pSQL_PASSWORD --ssl-mode=REQUIRED\" : {",
        "mysqladmin -uroot -p$MYSQL_ROOT_PASSWORD shutdown",
        "KAFKA_SSL_KEY_CREDENTIALS: srcBroker1_sslkey_creds",
        "looks for secrets in either `/concourse/{team}/{secret}` or `/concourse/{team}/{pipeline}/{secret}`; the",
        "KEYSTORE_PASSWORD=/app/${{ env.STAGE }}/worker/keystore_password",
        "\"loc.messages.NoP12PwdWarning\": \"ms-resource:loc.messages.NoP12PwdWarning\"",
        "\"loc.input.label.keyPass\": \"Schlüsselkennwort\"",
        "https://cdn.acme.io/x.pdf?token2=exp=1497911340~acl=%2Fx%2F*~hmac=k9x2w7q4z8v1b5n3m6p0r2t4",
        "algolia: {\n  appId: 'X',\n  apiKey: '0f1e2d3c4b5a69788796a5b4c3d2e1f0',\n  indexName: 'docs'",
    ] {
        let detection = detector.detect(text.as_bytes(), &mut scratch);
        assert_eq!(found(text, &detection), [""; 0], "{text}");
    }
}

#[test]
fn a_value_in_another_text_ends_where_that_goes_on() {
    let detector = Detector::new(built_in().to_vec(), Settings::default()).expect("built-in rules");
    let mut scratch = detector.scratch();
    for value in values() {
        for (before, after) in [
            ("body: `new_password=", "&token=43634643&username=u`"),
            ("\"run\\nexport DB_PASSWORD=", "\\nexport X=1\""),
            ("    DB_PASSWORD=", "\\u001b[0m\\u001b[38m x"),
        ] {
            let text = format!("{before}{value}{after}\n");
            let detection = detector.detect(text.as_bytes(), &mut scratch);
            assert_eq!(found(&text, &detection), [value.as_str()], "{text}");
        }
    }
}

/// Each of several values under one name is found, and a key that is written byte by byte as one.
#[test]
fn values_in_brackets_are_found_one_by_one() {
    let detector = Detector::new(built_in().to_vec(), Settings::default()).expect("built-in rules");
    let mut scratch = detector.scratch();
    let values = values();
    for form in ["tokens = [\n    '@',\n]\n", "\"tokens\":[\"@\"]"] {
        let quote = if form.contains('\'') {
            "',\n    '"
        } else {
            "\",\""
        };
        let three = values[..3].join(quote);
        let text = form.replace('@', &three);
        let detection = detector.detect(text.as_bytes(), &mut scratch);
        assert_eq!(found(&text, &detection), values[..3], "{text}");
    }
    let template = Template::parse("«{hex:32}»").expect("a template");
    for seed in 0..12 {
        let digits = template.render(seed).text;
        let bytes: Vec<String> = (0..16)
            .map(|at| format!("0x{}", &digits[2 * at..2 * at + 2]))
            .collect();
        let bytes = bytes.join(", ");
        for (before, after) in [
            ("private static final byte[] AES_KEY = {", "};"),
            ("aesKey := []byte{", "}"),
            ("aes_key = bytes([", "])"),
        ] {
            let text = format!("{before}{bytes}{after}\n");
            let detection = detector.detect(text.as_bytes(), &mut scratch);
            assert_eq!(found(&text, &detection), [bytes.as_str()], "{text}");
        }
        let text = format!("byte[] dummyAesKey = {{{bytes}}};\n");
        let detection = detector.detect(text.as_bytes(), &mut scratch);
        assert_eq!(found(&text, &detection), [""; 0], "{text}");
    }
    for text in [
        "aes_key = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]",
        "byte[] aesKey = {1, 1, 1, 1, 2, 2, 2, 2, 1, 1, 1, 1, 2, 2, 2, 2};",
        "tokens: [\"eos\", \"bos\", \"unk\"]",
        "\"password\": [\"This field is required.\"]",
    ] {
        let detection = detector.detect(text.as_bytes(), &mut scratch);
        assert_eq!(found(text, &detection), [""; 0], "{text}");
    }
}

#[test]
fn a_path_in_a_list_is_no_name_of_what_follows_it() {
    let detector = Detector::new(built_in().to_vec(), Settings::default()).expect("built-in rules");
    let mut scratch = detector.scratch();
    for value in values() {
        let text = format!("[\"etc/passwd\", \"{value}\", \"lib\"]");
        let detection = detector.detect(text.as_bytes(), &mut scratch);
        assert_eq!(found(&text, &detection), [""; 0]);
        let text = format!("[\"passwd\", \"{value}\"]");
        let detection = detector.detect(text.as_bytes(), &mut scratch);
        assert_eq!(found(&text, &detection), [value.as_str()]);
    }
}
