//! Digital values to the bytes of a signal file. The reverse of `decode`.

use super::format::SignalFormat;

/// The bytes of samples that are within the format's range; other bits would be cut off.
///
/// None for the formats that are not written.
pub(super) fn encode(format: SignalFormat, samples: &[i32]) -> Option<Vec<u8>> {
    let each = |bytes: fn(i32) -> [u8; 4], width: usize| {
        samples
            .iter()
            .flat_map(|sample| bytes(*sample).into_iter().take(width))
            .collect()
    };
    Some(match format {
        SignalFormat::Int16 | SignalFormat::Int24 | SignalFormat::Int32 => {
            each(i32::to_le_bytes, format.bits() as usize / 8)
        }
        SignalFormat::Int16Big => samples
            .iter()
            .flat_map(|sample| (*sample as i16).to_be_bytes())
            .collect(),
        SignalFormat::Offset8 => each(|sample| (sample.wrapping_add(128)).to_le_bytes(), 1),
        SignalFormat::Offset16 => each(|sample| (sample.wrapping_add(32768)).to_le_bytes(), 2),
        SignalFormat::Packed12 => packed::<2, 3>(samples, |[a, b]| {
            let (a, b) = (a & 0xfff, b & 0xfff);
            [a as u8, (a >> 8 | b >> 8 << 4) as u8, b as u8]
        }),
        SignalFormat::Packed10 => packed::<3, 4>(samples, |[a, b, c]| {
            let first = ((a & 0x3ff) << 1 | (c & 0x1f) << 11) as u16;
            let second = ((b & 0x3ff) << 1 | (c >> 5 & 0x1f) << 11) as u16;
            let ([p, q], [r, s]) = (first.to_le_bytes(), second.to_le_bytes());
            [p, q, r, s]
        }),
        SignalFormat::Packed10Plain => packed::<3, 4>(samples, |[a, b, c]| {
            ((a & 0x3ff) | (b & 0x3ff) << 10 | (c & 0x3ff) << 20).to_le_bytes()
        }),
        _ => return None,
    })
}

/// Groups of `S` samples in `N` bytes. One sample over takes two bytes, two over take a whole group.
fn packed<const S: usize, const N: usize>(
    samples: &[i32],
    bytes: impl Fn([u32; S]) -> [u8; N],
) -> Vec<u8> {
    let (groups, rest) = samples.as_chunks::<S>();
    let mut encoded: Vec<u8> = groups
        .iter()
        .flat_map(|group| bytes(group.map(|sample| sample as u32)))
        .collect();
    if !rest.is_empty() {
        let mut group = [0; S];
        for (target, sample) in group.iter_mut().zip(rest) {
            *target = *sample as u32;
        }
        let width = if rest.len() == 1 { 2 } else { N };
        encoded.extend(bytes(group).into_iter().take(width));
    }
    encoded
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::encode;
    use crate::wfdb::SignalFormat;
    use crate::wfdb::decode::decode;

    proptest! {
        #[test]
        fn every_writable_format_keeps_every_value(
            raw in prop::collection::vec(any::<i32>(), 0..70),
            index in 0..SignalFormat::WRITABLE.len(),
        ) {
            let format = SignalFormat::WRITABLE[index];
            let samples: Vec<i32> = raw.iter().map(|value| value >> (32 - format.bits())).collect();
            let bytes = encode(format, &samples).unwrap();
            prop_assert_eq!(decode(format, &bytes, samples.len()), samples.clone());
            prop_assert!(format.samples_in(bytes.len() as u64).unwrap() >= samples.len() as u64);
        }
    }
}
