"""A token server for docker's registry, as its "Token Authentication Specification" says: over TLS, anonymous tokens for
repositories below `public/`, others for who logs in. Prints its port.

Arguments: certificate, key, what a login looks like (`name:password`), log of what was asked.
"""

import base64
import http.server
import json
import ssl
import subprocess
import sys
import time
import urllib.parse

certificate, key, login, log = sys.argv[1:]


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def chain():
    text = open(certificate).read()
    body = text.split("-----BEGIN CERTIFICATE-----")[1].split("-----END")[0]
    return "".join(body.split())


def token(service, name):
    now = int(time.time())
    header = {"typ": "JWT", "alg": "RS256", "x5c": [chain()]}
    claims = {
        "iss": "leakward-test", "sub": "", "aud": service, "exp": now + 300, "nbf": now - 10, "iat": now, "jti": "1",
        "access": [{"type": "repository", "name": name, "actions": ["pull"]}],
    }
    text = b".".join(encoded(json.dumps(part).encode()) for part in (header, claims))
    signed = subprocess.run(["openssl", "dgst", "-sha256", "-sign", key], input=text, stdout=subprocess.PIPE, check=True)
    return (text + b"." + encoded(signed.stdout)).decode()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        service, scope = query.get("service", [""])[0], query.get("scope", [""])[0]
        said = self.headers.get("Authorization", "")
        known = said == "Basic " + base64.b64encode(login.encode()).decode()
        with open(log, "a") as lines:
            lines.write(f"{scope} {'with' if said else 'without'} a login\n")
        name = scope.split(":")[1] if scope.count(":") == 2 else ""
        if said and not known or not said and not name.startswith("public/"):
            self.send_response(401)
            self.end_headers()
            return
        answer = json.dumps({"token": token(service, name), "expires_in": 300}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("localhost", 0), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_address[1], flush=True)
server.serve_forever()
