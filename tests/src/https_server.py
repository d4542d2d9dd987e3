"""git http-backend behind TLS and HTTP basic authentication; for the tests of cloning only.

Usage: https_server.py ROOT CERTIFICATE KEY LOG, with the password in LEAKWARD_TEST_TOKEN.
Prints the port it listens on.
"""

import base64
import http.server
import os
import ssl
import subprocess
import sys

ROOT, CERTIFICATE, KEY, LOG = sys.argv[1:5]
# GitHub and Gitea take any name beside a token; GitLab's is oauth2.
USERS = [name + ":" + os.environ["LEAKWARD_TEST_TOKEN"] for name in ("x-access-token", "oauth2")]
AUTHORIZATIONS = ["Basic " + base64.b64encode(user.encode()).decode() for user in USERS]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self.body()
        if self.headers.get("Authorization") not in AUTHORIZATIONS:
            self.reply(401, [("WWW-Authenticate", 'Basic realm="git"')], b"")
            return
        output = subprocess.run(["git", "http-backend"], input=body, env=self.environment(len(body)), capture_output=True).stdout
        head, _, content = output.partition(b"\r\n\r\n")
        status, headers = 200, []
        for line in head.decode().split("\r\n"):
            name, _, value = line.partition(": ")
            if name == "Status":
                status = int(value.split()[0])
            elif name:
                headers.append((name, value))
        self.reply(status, headers, content)

    do_GET = do_POST = answer

    def body(self):
        if self.headers.get("Transfer-Encoding", "") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        content = b""
        while True:
            length = int(self.rfile.readline(), 16)
            content += self.rfile.read(length)
            self.rfile.readline()
            if length == 0:
                return content

    def environment(self, length):
        path, _, query = self.path.partition("?")
        return dict(
            os.environ,
            GIT_PROJECT_ROOT=ROOT,
            GIT_HTTP_EXPORT_ALL="1",
            GIT_CONFIG_COUNT="1",
            GIT_CONFIG_KEY_0="safe.directory",
            GIT_CONFIG_VALUE_0="*",
            PATH_INFO=path,
            QUERY_STRING=query,
            REQUEST_METHOD=self.command,
            CONTENT_TYPE=self.headers.get("Content-Type", ""),
            CONTENT_LENGTH=str(length),
            HTTP_CONTENT_ENCODING=self.headers.get("Content-Encoding", ""),
            GIT_PROTOCOL=self.headers.get("Git-Protocol", ""),
            REMOTE_USER="tester",
        )

    def reply(self, status, headers, content):
        with open(LOG, "a") as log:
            log.write(f"{self.command} {self.path} {status}\n")
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(CERTIFICATE, KEY)
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_address[1], flush=True)
server.serve_forever()
