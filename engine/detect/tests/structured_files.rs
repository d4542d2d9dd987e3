//! Structured files are understood as what they are: in each kind a credential is found where it leaks, and what stands there
//! instead of one is left alone.
//!
//! Values are drawn by the generator, so that none stands here. `‹…›` is a place for one.

use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use leakward_core::Confidence;
use leakward_detect::{Detector, PathJudgement, Settings};
use leakward_rules::built_in;
use leakward_rules::sample::Template;

/// A kind of file: where it lies, a text with credentials, and a text without.
struct Case {
    kind: &'static str,
    path: &'static str,
    leaks: &'static str,
    silent: &'static str,
}

const fn case(
    kind: &'static str,
    path: &'static str,
    leaks: &'static str,
    silent: &'static str,
) -> Case {
    Case {
        kind,
        path,
        leaks,
        silent,
    }
}

const CASES: &[Case] = &[
    case(
        "dotenv",
        ".env.production",
        "APP_ENV=production\nDB_PASSWORD=‹password›\nexport MAIL_PASSWORD='‹password›'\nAPP_SECRET=‹key›\n",
        "APP_ENV=production\nDB_PASSWORD=${DB_PASSWORD}\nMAIL_PASSWORD=\nAPP_SECRET=changeme\nDB_PASSWORD_FILE=/run/secrets/db\n",
    ),
    case(
        "INI",
        "etc/app.ini",
        "[database]\nhost = db1\npassword = ‹password›\n; old\n[smtp]\nsecret_key=‹key›\n",
        "[database]\nhost = db1\npassword = %(DB_PASSWORD)s\npassword_file = /etc/secret\nsecret_key_base_path=/etc/key\n",
    ),
    case(
        ".aws/credentials",
        "home/.aws/credentials",
        "[default]\naws_access_key_id = ‹aws-id›\naws_secret_access_key = ‹aws-secret›\n",
        "[default]\nregion = eu-west-1\nrole_arn = arn:aws:iam::111122223333:role/reader\ncredential_process = /usr/bin/broker\n",
    ),
    case(
        ".npmrc",
        ".npmrc",
        "registry=https://npm.acme.io/\n//npm.acme.io/:_authToken=‹key›\n//npm.acme.io/:_password=‹base64-password›\n",
        "registry=https://npm.acme.io/\n//npm.acme.io/:_authToken=${NPM_TOKEN}\nalways-auth=true\n",
    ),
    case(
        ".pypirc",
        ".pypirc",
        "[distutils]\nindex-servers = acme\n[acme]\nrepository: https://pypi.acme.io\nusername: build\npassword: ‹password›\n",
        "[distutils]\nindex-servers = acme\n[acme]\nrepository: https://pypi.acme.io\nusername: __token__\npassword: ${PYPI_TOKEN}\n",
    ),
    case(
        ".netrc",
        ".netrc",
        "machine git.acme.io login build password ‹password›\nmachine pkg.acme.io\n  login build\n  password ‹password›\n",
        "machine git.acme.io login build\nmachine pkg.acme.io\n  login build\n  account x\n",
    ),
    case(
        ".git-credentials",
        ".git-credentials",
        "https://build:‹url-password›@git.acme.io\n",
        "https://build@git.acme.io\nhttps://git.acme.io/build:x@y\n",
    ),
    case(
        "docker config.json",
        ".docker/config.json",
        "{\n  \"auths\": {\n    \"registry.acme.io\": {\n      \"auth\": \"‹basic›\"\n    }\n  }\n}\n",
        "{\n  \"auths\": {\n    \"registry.acme.io\": {}\n  },\n  \"credsStore\": \"osxkeychain\"\n}\n",
    ),
    case(
        "kubeconfig",
        ".kube/config",
        "apiVersion: v1\nkind: Config\nusers:\n- name: admin\n  user:\n    token: ‹key›\n- name: ops\n  user:\n    username: ops\n    password: ‹password›\n",
        "apiVersion: v1\nkind: Config\nclusters:\n- name: c\n  cluster:\n    certificate-authority-data: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t\nusers:\n- name: admin\n  user:\n    tokenFile: /var/run/secrets/token\n    exec:\n      command: aws-iam-authenticator\n",
    ),
    case(
        "Kubernetes Secret",
        "deploy/secret.yaml",
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: shop\ntype: Opaque\ndata:\n  password: ‹base64-password›\n  api-key: ‹base64-key›\n  url: ‹base64-url›\n",
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: shop-password\ntype: Opaque\ndata:\n  username: YWRtaW4=\n  ca.crt: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t\n",
    ),
    case(
        "Kubernetes Secret, stringData",
        "deploy/secret.yaml",
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: shop\nstringData:\n  password: \"‹password›\"\n  token: ‹key›\n",
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: shop\nstringData:\n  password: \"{{ .Values.password }}\"\n  token: $(TOKEN)\n",
    ),
    case(
        "Kubernetes env",
        "deploy/deployment.yaml",
        "        env:\n        - name: DB_PASSWORD\n          value: \"‹password›\"\n        - name: API_TOKEN\n          value: ‹key›\n",
        "        env:\n        - name: DB_PASSWORD\n          valueFrom:\n            secretKeyRef:\n              name: shop\n              key: password\n        - name: TOKEN_PATH\n          value: /var/run/token\n",
    ),
    case(
        "Helm values",
        "charts/shop/values.yaml",
        "postgresql:\n  auth:\n    username: shop\n    password: ‹password›\n    postgresPassword: \"‹password›\"\n",
        "postgresql:\n  auth:\n    username: shop\n    password: \"\"\n    existingSecret: shop-postgresql\n    secretKeys:\n      userPasswordKey: password\n",
    ),
    case(
        "Terraform state",
        "terraform.tfstate",
        "{\n  \"version\": 4,\n  \"resources\": [{\"type\": \"aws_db_instance\", \"instances\": [{\"attributes\": {\n    \"address\": \"db.acme.io\",\n    \"password\": \"‹password›\",\n    \"username\": \"shop\"\n  }}]}]\n}\n",
        "{\n  \"version\": 4,\n  \"lineage\": \"6f1c2b7e-0b7e-4c49-9a7b-2f4f0e3f6a10\",\n  \"resources\": [{\"type\": \"aws_db_instance\", \"instances\": [{\"attributes\": {\n    \"password\": null,\n    \"manage_master_user_password\": true,\n    \"sensitive_attributes\": []\n  }}]}]\n}\n",
    ),
    case(
        "tfvars",
        "prod.tfvars",
        "region      = \"eu-west-1\"\ndb_password = \"‹password›\"\napi_token   = \"‹key›\"\n",
        "region      = \"eu-west-1\"\ndb_password = \"\"\ndb_password_secret_name = \"shop/db\"\ntoken_ttl = \"3600\"\n",
    ),
    case(
        "Ansible variables",
        "group_vars/all.yml",
        "mysql_root_password: ‹password›\nansible_become_pass: \"‹password›\"\nvault_api_token: ‹key›\n",
        "mysql_root_password: \"{{ vault_mysql_root_password }}\"\nansible_become_pass: \"{{ lookup('env', 'SUDO') }}\"\nmysql_password_update: false\n",
    ),
    case(
        "SOPS with a plain value",
        "secrets.enc.yaml",
        "db:\n    password: ‹password›\n    user: ENC[AES256_GCM,data:‹ciphertext›,iv:‹ciphertext›,tag:‹ciphertext›,type:str]\nsops:\n    kms: []\n    mac: ENC[AES256_GCM,data:‹ciphertext›,iv:‹ciphertext›,tag:‹ciphertext›,type:str]\n    version: 3.8.1\n",
        "db:\n    password: ENC[AES256_GCM,data:‹ciphertext›,iv:‹ciphertext›,tag:‹ciphertext›,type:str]\nsops:\n    kms: []\n    mac: ENC[AES256_GCM,data:‹ciphertext›,iv:‹ciphertext›,tag:‹ciphertext›,type:str]\n    version: 3.8.1\n",
    ),
    case(
        "docker-compose",
        "docker-compose.yml",
        "services:\n  db:\n    image: postgres:16\n    environment:\n      POSTGRES_PASSWORD: ‹password›\n      - MYSQL_ROOT_PASSWORD=‹password›\n    command: redis-server --requirepass ‹password›\n",
        "services:\n  db:\n    image: postgres:16\n    environment:\n      POSTGRES_PASSWORD: ${POSTGRES_PASSWORD:?set it}\n      POSTGRES_PASSWORD_FILE: /run/secrets/db\n    secrets:\n      - db_password\n",
    ),
    case(
        "GitHub Actions",
        ".github/workflows/ci.yml",
        "jobs:\n  test:\n    env:\n      API_TOKEN: ‹key›\n    steps:\n      - uses: docker/login-action@v3\n        with:\n          username: build\n          password: ‹password›\n",
        "jobs:\n  test:\n    env:\n      API_TOKEN: ${{ secrets.API_TOKEN }}\n    permissions:\n      id-token: write\n    steps:\n      - uses: docker/login-action@v3\n        with:\n          password: ${{ secrets.GITHUB_TOKEN }}\n",
    ),
    case(
        "GitLab CI",
        ".gitlab-ci.yml",
        "variables:\n  DEPLOY_TOKEN: \"‹key›\"\ndeploy:\n  script:\n    - docker login -u build -p ‹password› registry.acme.io\n",
        "variables:\n  DEPLOY_TOKEN: $CI_JOB_TOKEN\ndeploy:\n  script:\n    - docker login -u $CI_REGISTRY_USER -p $CI_REGISTRY_PASSWORD $CI_REGISTRY\n",
    ),
    case(
        "Jupyter notebook",
        "analysis.ipynb",
        "{\"cells\": [{\"cell_type\": \"code\", \"source\": [\n    \"import os\\n\",\n    \"api_key = \\\"‹key›\\\"\\n\",\n    \"password = '‹password›'\\n\"\n  ]}]}\n",
        "{\"cells\": [{\"cell_type\": \"code\", \"id\": \"a1b2c3d4\", \"source\": [\n    \"api_key = os.environ[\\\"API_KEY\\\"]\\n\",\n    \"password = getpass()\\n\"\n  ]}]}\n",
    ),
    case(
        "HAR",
        "session.har",
        "{\"log\": {\"entries\": [{\"request\": {\"headers\": [\n  {\"name\": \"Authorization\", \"value\": \"Bearer ‹key›\"},\n  {\"name\": \"X-Api-Key\", \"value\": \"‹key›\"}\n], \"queryString\": [{\"name\": \"access_token\", \"value\": \"‹key›\"}]}}]}}\n",
        "{\"log\": {\"entries\": [{\"request\": {\"headers\": [\n  {\"name\": \"Accept\", \"value\": \"*/*\"},\n  {\"name\": \"ETag\", \"value\": \"5d8c72a5edda8d6a5d8c72a5edda8d6a\"}\n]}}]}}\n",
    ),
    case(
        "Postman collection",
        "shop.postman_collection.json",
        "{\"auth\": {\"type\": \"basic\", \"basic\": [\n  {\"key\": \"password\", \"value\": \"‹password›\", \"type\": \"string\"},\n  {\"key\": \"username\", \"value\": \"ops\", \"type\": \"string\"}\n]}}\n",
        "{\"auth\": {\"type\": \"bearer\", \"bearer\": [\n  {\"key\": \"token\", \"value\": \"{{token}}\", \"type\": \"string\"}\n]}}\n",
    ),
    case(
        "JDBC, ODBC, libpq and URIs",
        "app.properties",
        "url=jdbc:mysql://db1:3306/shop?user=shop&password=‹url-password›\nodbc=Driver={ODBC Driver 18 for SQL Server};Server=db1;Uid=shop;Pwd=‹url-password›;\ndsn=host=db1 dbname=shop user=shop password=‹url-password› sslmode=require\nuri=postgresql://shop:‹url-password›@db1.acme.io/shop\n",
        "url=jdbc:mysql://db1:3306/shop?user=shop&password=${DB_PASSWORD}\nodbc=Driver={ODBC Driver 18 for SQL Server};Server=db1;Trusted_Connection=yes;\ndsn=host=db1 dbname=shop user=shop passfile=/etc/pgpass\nuri=postgresql://db1.acme.io/shop\n",
    ),
    case(
        "command lines",
        "deploy.sh",
        "curl -u build:‹url-password› https://ci.acme.io/job\nmysql -u root -p‹url-password› shop < dump.sql\nPGPASSWORD=‹url-password› psql -h db1 -U shop\nopenssl rsa -in key.pem -passin pass:‹url-password›\nsshpass -p ‹url-password› ssh ops@web1\nredis-cli -a ‹url-password› ping\nvault login ‹key›\nhtpasswd -b .htpasswd ops ‹url-password›\nwget --user=ops --password=‹url-password› https://x.acme.io\n",
        "curl -u \"$CI_USER:$CI_PASSWORD\" https://ci.acme.io/job\nmysql -u root -p shop < dump.sql\nPGPASSWORD=$DB_PASSWORD psql -h db1 -U shop\nopenssl rsa -in key.pem -passin env:KEY_PASS\nsshpass -e ssh ops@web1\nmkdir -p build/output\nssh -p 2222 ops@web1\n",
    ),
    case(
        "HTTP headers",
        "requests.http",
        "GET /orders HTTP/1.1\nHost: shop.acme.io\nAuthorization: Basic ‹basic›\nX-Api-Key: ‹key›\n\nGET /orders HTTP/1.1\nAuthorization: Bearer ‹key›\nCookie: session=‹key›\n",
        "GET /orders HTTP/1.1\nHost: shop.acme.io\nAuthorization: Bearer {{token}}\nWWW-Authenticate: Basic realm=\"shop\"\nAuthorization: Basic <credentials>\n",
    ),
    case(
        "SQL",
        "db/users.sql",
        "CREATE USER 'shop'@'%' IDENTIFIED BY '‹password›';\nALTER ROLE shop WITH LOGIN PASSWORD '‹password›';\nCREATE LOGIN shop WITH PASSWORD = '‹password›';\nSET PASSWORD FOR 'shop'@'%' = PASSWORD('‹password›');\n",
        "CREATE USER 'shop'@'%' IDENTIFIED BY ?;\nALTER ROLE shop WITH LOGIN PASSWORD :password;\nCREATE TABLE users (id int, password varchar(64) NOT NULL);\nALTER USER shop PASSWORD EXPIRE;\n",
    ),
    case(
        "Erlang",
        "config/sys.config",
        "[{shop, [{username, \"shop\"},\n  {password, \"‹password›\"},\n  {secret_key, <<\"‹key›\">>}]}].\n",
        "[{shop, [{username, \"shop\"},\n  {password, undefined},\n  {password_hash, sha256}]}].\n",
    ),
    case(
        "XML settings",
        "settings.xml",
        "<settings><servers><server>\n  <id>nexus</id>\n  <username>build</username>\n  <password>‹xml-password›</password>\n</server></servers></settings>\n<add key=\"ApiToken\" value=\"‹key›\" />\n",
        "<settings><servers><server>\n  <id>nexus</id>\n  <password>${env.NEXUS_PASSWORD}</password>\n</server></servers></settings>\n<add key=\"PasswordFormat\" value=\"Hashed\" />\n",
    ),
    case(
        "properties",
        "application.properties",
        "spring.datasource.password=‹password›\njwt.secret=‹key›\nspring.mail.password: ‹password›\n",
        "spring.datasource.password=${DB_PASSWORD}\nserver.ssl.key-store-password=${KEYSTORE}\npassword.reset.url=https://shop.acme.io/reset\nlabel.password=Password\n",
    ),
    case(
        "Markdown",
        "docs/access.md",
        "| Host | User | Password |\n|---|---|---|\n| db1 | shop | ‹password› |\n\n- **Password:** `‹password›`\n- Token: ‹key›\n\nThe password is `‹password›`.\n",
        "| Option | Description |\n|---|---|\n| password | The password of the user |\n\n- **Password:** ask the administrator\n- Token: see above\n\nThe password is required.\n",
    ),
    case(
        "notes",
        "notes.txt",
        "vpn\nuser: ops\npw: ‹password›\nlogin ops / password ‹password›\nthe root password is ‹password›\nid/pw: ops/‹url-password›\n",
        "vpn\nuser: ops\npw: see vault\nthe root password is stored in the vault\nthe password must be changed\n",
    ),
    case(
        "positional arguments",
        "src/app.py",
        "smtp.login(\"ops@acme.io\", \"‹password›\")\nconn = connect(\"db1\", \"shop\", \"‹password›\")\nrequests.get(url, auth=(\"ops\", \"‹password›\"))\nrequests.get(url, auth=HTTPBasicAuth('ops', '‹password›'))\nuser.set_password(\"‹password›\")\n",
        "logging.info(\"login failed\", \"try again\")\nconn = connect(\"db1\", \"shop\", password)\nrequests.get(url, auth=(user, password))\ndict.get(\"user\", \"anonymous\")\nself.login(\"ops\", prompt(\"Password: \"))\n",
    ),
];

/// Draws a value for each place; returns the text and where the values stand.
fn fill(text: &str, seed: u64) -> (String, Vec<(usize, usize)>) {
    let (mut out, mut places) = (String::new(), Vec::new());
    let mut rest = text;
    let mut seed = seed * 1_000;
    while let Some((before, after)) = rest.split_once('‹') {
        let (what, after) = after.split_once('›').expect("a closing mark");
        out.push_str(before);
        seed += 1;
        let value = draw(what, seed);
        if what != "ciphertext" && what != "aws-id" {
            places.push((out.len(), out.len() + value.len()));
        }
        out.push_str(&value);
        rest = after;
    }
    out.push_str(rest);
    (out, places)
}

fn render(template: &str, seed: u64) -> String {
    Template::parse(template)
        .expect("a template")
        .render(seed)
        .text
}

fn draw(what: &str, seed: u64) -> String {
    match what {
        "password" | "xml-password" | "url-password" => render("«{base62:11}»", seed) + "7k",
        "key" => render("«{base62:36}»", seed),
        "aws-id" => render("«AKIA{base32:16}»", seed),
        "aws-secret" => render("«{base64:40}»", seed),
        "base64-password" => STANDARD.encode(draw("password", seed)),
        "base64-key" => STANDARD.encode(draw("key", seed)),
        "base64-url" => STANDARD.encode(format!(
            "postgres://shop:{}@db1.acme.io/shop",
            draw("password", seed)
        )),
        "basic" => STANDARD.encode(format!("build:{}", draw("password", seed))),
        "ciphertext" => STANDARD.encode(draw("key", seed)),
        other => panic!("nothing draws {other}"),
    }
}

/// Where something is reported in a file of this path.
fn reported(detector: &Detector, text: &[u8], path: &str) -> Vec<(usize, usize)> {
    let detection = detector.detect(text, &mut detector.scratch());
    let mut spans: Vec<(usize, usize)> = detection
        .matches
        .iter()
        .filter(|matched| match detector.judge_path(matched, path) {
            PathJudgement::Keep => true,
            PathJudgement::Lower(_) => matched.confidence == Confidence::High,
            PathJudgement::Drop(_) => false,
        })
        .map(|matched| (matched.span.start, matched.span.end))
        .collect();
    spans.sort_unstable();
    spans
}

fn detector() -> Detector {
    Detector::new(built_in().to_vec(), Settings::default()).expect("built-in rules")
}

#[test]
fn credentials_are_found_in_every_kind_of_file() {
    let detector = detector();
    let mut wrong = Vec::new();
    for case in CASES {
        for seed in 1..=4 {
            let (text, places) = fill(case.leaks, seed);
            let spans = reported(&detector, text.as_bytes(), case.path);
            for (start, end) in places {
                let is_found = spans.iter().any(|(from, to)| *from < end && start < *to);
                if !is_found {
                    let line = text[..start].rsplit('\n').next().unwrap_or_default();
                    wrong.push(format!("{}: nothing behind {line:?}", case.kind));
                }
            }
        }
    }
    wrong.sort();
    wrong.dedup();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_no_credential_is_left_alone_in_every_kind_of_file() {
    let detector = detector();
    let mut wrong = Vec::new();
    for case in CASES {
        let (text, _) = fill(case.silent, 1);
        for (start, end) in reported(&detector, text.as_bytes(), case.path) {
            wrong.push(format!("{}: {:?}", case.kind, &text[start..end]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_release_of_helm_is_unpacked() {
    let detector = detector();
    for seed in 1..=4 {
        let password = draw("password", seed);
        let manifest = format!(
            "{{\"name\":\"shop\",\"config\":{{\"postgresql\":{{\"password\":\"{password}\"}}}}}}"
        );
        let mut packed = Vec::new();
        flate2::read::GzEncoder::new(manifest.as_bytes(), flate2::Compression::default())
            .read_to_end(&mut packed)
            .expect("packed");
        let release = STANDARD.encode(STANDARD.encode(packed));
        let text = format!(
            "apiVersion: v1\nkind: Secret\nmetadata:\n  name: sh.helm.release.v1.shop.v1\ntype: helm.sh/release.v1\ndata:\n  release: {release}\n"
        );
        assert_eq!(
            reported(&detector, text.as_bytes(), "release.yaml").len(),
            1
        );
    }
}

#[test]
fn what_ansible_encrypted_is_no_leak() {
    let detector = detector();
    let row = |seed| render("«{hex:80}»", seed);
    let text = format!(
        "db_password: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  {}\n  {}\n",
        row(1),
        row(2)
    );
    assert_eq!(
        reported(&detector, text.as_bytes(), "group_vars/all.yml"),
        []
    );
}

#[test]
fn hashes_of_htpasswd_and_shadow_are_found() {
    let detector = detector();
    let text = format!(
        "ops:{}\nroot:{}:19000:0:99999:7:::\nbin:*:19000:0:99999:7:::\n",
        render("«$apr1${[./0-9A-Za-z]:8}${[./0-9A-Za-z]:22}»", 1),
        render("«$6${[./0-9A-Za-z]:16}${[./0-9A-Za-z]:86}»", 2)
    );
    assert_eq!(
        reported(&detector, text.as_bytes(), "etc/passwords").len(),
        2
    );
}
