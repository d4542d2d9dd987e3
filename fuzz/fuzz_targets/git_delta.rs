//! A delta from any bytes on a base from any bytes: its edits explain its result, or it is refused.
#![no_main]

use leakward_sources::Edit;
use leakward_sources::git::pack::Delta;
use libfuzzer_sys::fuzz_target;

/// As the walk limits objects.
const MAX_RESULT_BYTES: u64 = 1 << 20;

fuzz_target!(|input: (&[u8], &[u8])| {
    let (base, delta) = input;
    let Ok(delta) = Delta::parse(delta) else {
        return;
    };
    if delta.result_size > MAX_RESULT_BYTES {
        return;
    }
    let mut result = vec![0; delta.result_size as usize];
    let mut edits = Vec::new();
    if delta.apply(base, &mut result, &mut edits).is_err() {
        return;
    }
    let mut end = 0;
    for edit in edits {
        let (to, len) = match edit {
            Edit::Copy { from, to, len } => {
                assert_eq!(base[from..from + len], result[to..to + len]);
                (to, len)
            }
            Edit::Insert { to, len } => (to, len),
        };
        assert_eq!(to, end);
        end += len;
    }
    assert_eq!(end, result.len());
});
