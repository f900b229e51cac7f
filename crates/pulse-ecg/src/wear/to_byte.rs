//! `f32` to pixel values.

/// The nearest whole number from 0 to 255. Adding 2^23 leaves it in the last bits of the `f32`: exact, and
/// unlike a conversion, or `clamp`, something that compilers make vectors of.
// See the comment above: `clamp` would undo what this is for.
#[allow(clippy::manual_clamp)]
pub(super) fn to_byte(value: f32) -> u8 {
    (value.max(0.0).min(255.0) + 8_388_608.0).to_bits() as u8
}

#[cfg(test)]
mod tests {
    use super::to_byte;

    #[test]
    fn values_are_rounded_and_clamped() {
        for (value, byte) in [
            (-3.0, 0),
            (0.4, 0),
            (0.6, 1),
            (127.51, 128),
            (254.6, 255),
            (1e9, 255),
        ] {
            assert_eq!(to_byte(value), byte, "{value}");
        }
    }
}
