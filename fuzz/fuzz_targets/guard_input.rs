//! Any bytes; what is promised stands in `tests/foreign_bytes`.
#![no_main]

use leakward_foreign_bytes::Promise;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    (Promise::named("guard_input").expect("a promise").check)(bytes);
});
