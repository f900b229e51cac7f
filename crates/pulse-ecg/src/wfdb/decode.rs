//! Bytes of a signal file to digital values, in the order of the file.

use super::format::SignalFormat;

/// The first `count` samples, as stored: codes for missing samples are not yet replaced.
///
/// Gives fewer where the bytes end. Formats 0 and FLAC give none; format 8 gives differences.
pub(super) fn decode(format: SignalFormat, bytes: &[u8], count: usize) -> Vec<i32> {
    match format {
        SignalFormat::Null | SignalFormat::Flac8 | SignalFormat::Flac16 | SignalFormat::Flac24 => {
            Vec::new()
        }
        SignalFormat::Difference8 => words::<1>(bytes, count, |[a]| i32::from(a as i8)),
        SignalFormat::Offset8 => words::<1>(bytes, count, |[a]| i32::from(a) - 128),
        SignalFormat::Int16 => words::<2>(bytes, count, |w| i32::from(i16::from_le_bytes(w))),
        SignalFormat::Int16Big => words::<2>(bytes, count, |w| i32::from(i16::from_be_bytes(w))),
        SignalFormat::Offset16 => {
            words::<2>(bytes, count, |w| i32::from(u16::from_le_bytes(w)) - 32768)
        }
        SignalFormat::Int24 => words::<3>(bytes, count, |[a, b, c]| {
            i32::from_le_bytes([0, a, b, c]) >> 8
        }),
        SignalFormat::Int32 => words::<4>(bytes, count, i32::from_le_bytes),
        SignalFormat::Packed12 => packed::<3, 2>(bytes, count, |[a, b, c]| {
            let (a, b, c) = (u32::from(a), u32::from(b), u32::from(c));
            [
                signed(a | (b & 0x0f) << 8, 12),
                signed(c | (b & 0xf0) << 4, 12),
            ]
        }),
        SignalFormat::Packed10 => packed::<4, 3>(bytes, count, |[a, b, c, d]| {
            let first = u32::from(u16::from_le_bytes([a, b]));
            let second = u32::from(u16::from_le_bytes([c, d]));
            // The third sample has the high five bits of both words.
            let third = first >> 11 | second >> 11 << 5;
            [
                signed(first >> 1, 10),
                signed(second >> 1, 10),
                signed(third, 10),
            ]
        }),
        SignalFormat::Packed10Plain => packed::<4, 3>(bytes, count, |word| {
            let word = u32::from_le_bytes(word);
            [
                signed(word, 10),
                signed(word >> 10, 10),
                signed(word >> 20, 10),
            ]
        }),
    }
}

fn words<const N: usize>(bytes: &[u8], count: usize, value: impl Fn([u8; N]) -> i32) -> Vec<i32> {
    let (words, _) = bytes.as_chunks::<N>();
    words.iter().take(count).map(|word| value(*word)).collect()
}

/// Groups of `S` samples in `N` bytes; a cut last group holds one sample in its first two bytes.
fn packed<const N: usize, const S: usize>(
    bytes: &[u8],
    count: usize,
    values: impl Fn([u8; N]) -> [i32; S],
) -> Vec<i32> {
    let (groups, rest) = bytes.as_chunks::<N>();
    let mut samples: Vec<i32> = groups
        .iter()
        .take(count.div_ceil(S))
        .flat_map(|group| values(*group))
        .collect();
    if samples.len() < count && rest.len() >= 2 {
        let mut group = [0; N];
        for (target, byte) in group.iter_mut().zip(rest) {
            *target = *byte;
        }
        samples.extend(values(group).first());
    }
    samples.truncate(count);
    samples
}

/// The low bits of a word as a two's complement number.
fn signed(word: u32, bits: u32) -> i32 {
    ((word << (32 - bits)) as i32) >> (32 - bits)
}

#[cfg(test)]
mod tests {
    use super::decode;
    use crate::wfdb::SignalFormat as F;

    /// Bytes worked out by hand from signal(5).
    #[test]
    fn known_bytes_give_known_values() {
        assert_eq!(decode(F::Int16, &[0x89, 0xff, 0x01, 0x00], 2), [-119, 1]);
        assert_eq!(decode(F::Int16Big, &[0xff, 0x89], 1), [-119]);
        assert_eq!(
            decode(F::Int24, &[0xff, 0xff, 0x7f, 0x00, 0x00, 0x80], 2),
            [8_388_607, -8_388_608]
        );
        assert_eq!(decode(F::Int32, &[0, 0, 0, 0x80], 1), [i32::MIN]);
        assert_eq!(decode(F::Offset8, &[0, 128, 255], 3), [-128, 0, 127]);
        assert_eq!(decode(F::Offset16, &[0, 0x80, 0, 0], 2), [0, -32768]);
        // 995 and 1011 are the first samples of MIT-BIH record 100: 0x3e3 and 0x3f3.
        assert_eq!(decode(F::Packed12, &[0xe3, 0x33, 0xf3], 2), [995, 1011]);
        assert_eq!(decode(F::Packed12, &[0xff, 0x0f], 1), [-1]);
        // Samples 1, -1 and -512: the low words hold them shifted by one, the high bits 0b10000_00000.
        assert_eq!(
            decode(F::Packed10, &[0x02, 0x00, 0xfe, 0x87], 3),
            [1, -1, -512]
        );
        let word: u32 = 1 | 0x3ff << 10 | 0x200 << 20;
        assert_eq!(
            decode(F::Packed10Plain, &word.to_le_bytes(), 3),
            [1, -1, -512]
        );
    }

    #[test]
    fn short_input_gives_what_is_there() {
        assert_eq!(decode(F::Int16, &[1, 0, 2], 9), [1]);
        assert_eq!(decode(F::Packed12, &[0xe3], 9), [0; 0]);
    }
}
