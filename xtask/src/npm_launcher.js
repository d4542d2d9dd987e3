#!/usr/bin/env node
// Runs the program of the platform's package, which npm installs as an optional dependency.
"use strict";

const { spawnSync } = require("node:child_process");

const platform = `${process.platform}-${process.arch}`;
const file = process.platform === "win32" ? "leakward.exe" : "leakward";
let program;
try {
  program = require.resolve(`@leakward/${platform}/bin/${file}`);
} catch {
  console.error(
    `leakward: the package @leakward/${platform} is not installed. Either there is no build for this platform, ` +
      "or npm was told to leave out optional dependencies (--omit=optional), or node_modules came from another machine.",
  );
  process.exit(2);
}
const ended = spawnSync(program, process.argv.slice(2), { stdio: "inherit", windowsHide: true });
if (ended.error) {
  console.error(`leakward: ${program} cannot be run: ${ended.error.message}`);
  process.exit(2);
}
if (ended.signal) {
  process.kill(process.pid, ended.signal);
}
process.exit(ended.status ?? 2);
