"""A git server over TLS for tests: `git http-backend` behind HTTPS, with the ways in which servers refuse.

Usage: git_https.py ROOT CERTIFICATE KEY USER PASSWORD LOG

Prints the port it listens on. The first part of a path says what happens:
  /open/REPO     is served to everybody
  /private/REPO  wants the user and the password
  /moved/REPO    leads to /private/REPO under the server's other name (127.0.0.1 for localhost)
  /page          is a page of HTML
  anything else  is not there
Each request is logged as a line: METHOD PATH HOST, and "auth" when it carried credentials.
"""

import base64
import http.server
import os
import ssl
import subprocess
import sys

ROOT, CERTIFICATE, KEY, USER, PASSWORD, LOG = sys.argv[1:]
EXPECTED = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def body(self):
        if self.headers.get("Transfer-Encoding", "") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while True:
            size = int(self.rfile.readline(), 16)
            body += self.rfile.read(size)
            self.rfile.readline()
            if size == 0:
                return body

    def reply(self, status, headers, body=b""):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def handle_request(self):
        auth = self.headers.get("Authorization")
        with open(LOG, "a") as log:
            words = [self.command, self.path, self.headers.get("Host", "-")] + (["auth"] if auth else [])
            log.write(" ".join(words) + "\n")
        body = self.body()
        path, _, query = self.path.partition("?")
        _, kind, rest = (path.split("/", 2) + ["", ""])[:3]
        if kind == "private" and auth != EXPECTED:
            self.reply(401, [("WWW-Authenticate", 'Basic realm="git"')])
        elif kind == "moved":
            port = self.server.server_port
            self.reply(301, [("Location", f"https://127.0.0.1:{port}/private/{rest}?{query}")])
        elif kind == "page":
            self.reply(200, [("Content-Type", "text/html")], b"<html>hello</html>")
        elif kind in ("open", "private"):
            self.serve("/" + rest, query, body)
        else:
            self.reply(404, [])

    def serve(self, path, query, body):
        environment = dict(
            os.environ,
            GIT_PROJECT_ROOT=ROOT,
            GIT_HTTP_EXPORT_ALL="1",
            PATH_INFO=path,
            QUERY_STRING=query,
            REQUEST_METHOD=self.command,
            CONTENT_TYPE=self.headers.get("Content-Type", ""),
            CONTENT_LENGTH=str(len(body)),
            HTTP_CONTENT_ENCODING=self.headers.get("Content-Encoding", ""),
            GIT_PROTOCOL=self.headers.get("Git-Protocol", ""),
        )
        output = subprocess.run(["git", "http-backend"], input=body, env=environment, capture_output=True).stdout
        head, _, content = output.partition(b"\r\n\r\n")
        status, headers = 200, []
        for line in head.decode().split("\r\n"):
            name, _, value = line.partition(": ")
            if name == "Status":
                status = int(value.split()[0])
            elif name:
                headers.append((name, value))
        self.reply(status, headers, content)

    do_GET = do_POST = handle_request

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(CERTIFICATE, KEY)
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_port, flush=True)
server.serve_forever()
