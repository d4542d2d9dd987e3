//! Shannon entropy of a value: how evenly its characters are spread.

/// Bits per byte, 0 to 8; 0 for nothing.
pub(crate) fn shannon(value: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for &byte in value {
        if let Some(count) = counts.get_mut(usize::from(byte)) {
            *count += 1;
        }
    }
    let length = value.len() as f64;
    counts
        .iter()
        .filter(|&&count| count > 0)
        .map(|&count| {
            let share = f64::from(count) / length;
            -share * share.log2()
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entropy_is_the_evenness_of_characters() {
        let close = |value: &[u8], bits: f64| (shannon(value) - bits).abs() < 1e-9;
        assert!(
            close(b"", 0.0) && close(b"aaaa", 0.0) && close(b"abab", 1.0) && close(b"abcd", 2.0)
        );
        let all: Vec<u8> = (0..=255).collect();
        assert!(close(&all, 8.0));
    }
}
