//! Paper of few colours, so that a page with its ink fits the 256 of a palette.
//!
//! From 4 pixels a millimetre on, lines are set on whole pixels and paper has up to eight colours. Below,
//! lines cover what they cover of each pixel, and there are hundreds of shades; they are brought to
//! [`MOST`] by halving the set of colours where it is widest (median cut, Heckbert 1982). Whole numbers and
//! a fixed order: the same paper has the same colours everywhere.

/// Most colours of a paper. With 15 steps of ink on each there are 241.
const MOST: usize = 16;
/// Colours of a palette.
const PALETTE: usize = 256;
/// Most steps of ink: finer ones can't be told apart.
const MOST_STEPS: usize = 31;

/// A colour and the number of pixels that have it.
type Counted = ([u8; 3], u64);

/// Brings colours, of which each is on so many pixels, to [`MOST`]. Returns the steps of ink with which a
/// page fits a palette: every colour with every step, full ink being one for all.
pub(crate) fn reduce(colours: &mut [[u8; 3]], pixels: &[u64]) -> u32 {
    let mut counted: Vec<Counted> = colours
        .iter()
        .copied()
        .zip(pixels.iter().copied())
        .collect();
    counted.retain(|(_, pixels)| *pixels > 0);
    counted.sort_unstable();
    counted.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 += next.1;
        }
        same
    });
    let mut count = counted.len();
    if count > MOST {
        let palette = median_cut(counted);
        for colour in colours.iter_mut() {
            *colour = nearest(&palette, *colour);
        }
        count = palette.len();
    }
    ((PALETTE - 1) / count.max(1)).min(MOST_STEPS) as u32
}

/// [`MOST`] colours that stand for all.
fn median_cut(counted: Vec<Counted>) -> Vec<[u8; 3]> {
    let mut parts = vec![counted];
    while parts.len() < MOST {
        // The part whose widest channel is widest, weighted by its pixels; the first of equals.
        let mut best = (0, 0, 0);
        for (index, part) in parts.iter().enumerate() {
            let (channel, width) = widest(part);
            let pixels: u64 = part.iter().map(|(_, pixels)| pixels).sum();
            let error = u64::from(width) * u64::from(width) * pixels;
            if error > best.0 {
                best = (error, index, channel);
            }
        }
        let (error, index, channel) = best;
        if error == 0 {
            break;
        }
        let mut part = parts.swap_remove(index);
        part.sort_unstable_by_key(|(colour, _)| (colour[channel], *colour));
        let upper = part.split_off(middle(&part, channel));
        parts.push(part);
        parts.push(upper);
    }
    parts.iter().map(|part| mean(part)).collect()
}

/// The channel in which colours differ most, and by how much.
fn widest(part: &[Counted]) -> (usize, u8) {
    let mut found = (0, 0);
    for channel in 0..3 {
        let values = part.iter().map(|(colour, _)| colour[channel]);
        let (low, high) = values.fold((255, 0), |(low, high): (u8, u8), value| {
            (low.min(value), high.max(value))
        });
        let width = high.saturating_sub(low);
        if width > found.1 {
            found = (channel, width);
        }
    }
    found
}

/// Where to cut a part that is sorted by a channel: half way between its ends, so that the few pixels of the
/// darkest lines are not averaged away among many pale ones. Neither side is empty if the ends differ.
fn middle(part: &[Counted], channel: usize) -> usize {
    let value = |(colour, _): &Counted| u32::from(colour[channel]);
    let ends = part.first().map_or(0, value) + part.last().map_or(0, value);
    part.partition_point(|counted| 2 * value(counted) <= ends)
}

fn mean(part: &[Counted]) -> [u8; 3] {
    let pixels: u64 = part.iter().map(|(_, pixels)| pixels).sum();
    std::array::from_fn(|channel| {
        let sum: u64 = part
            .iter()
            .map(|(colour, pixels)| u64::from(colour[channel]) * pixels)
            .sum();
        ((sum + pixels / 2) / pixels.max(1)) as u8
    })
}

fn nearest(palette: &[[u8; 3]], colour: [u8; 3]) -> [u8; 3] {
    let distance = |other: &&[u8; 3]| -> u32 {
        let channels = other.iter().zip(colour);
        channels
            .map(|(a, b)| u32::from(a.abs_diff(b)) * u32::from(a.abs_diff(b)))
            .sum()
    };
    palette
        .iter()
        .min_by_key(distance)
        .copied()
        .unwrap_or(colour)
}

#[cfg(test)]
mod tests {
    use super::{MOST, reduce};

    #[test]
    fn few_colours_stay_as_they_are() {
        let mut colours = [[255, 255, 255], [200, 10, 10], [255, 255, 255], [9, 9, 9]];
        let before = colours;
        // The last one is on no pixel.
        assert_eq!(reduce(&mut colours, &[100, 5, 7, 0]), 31);
        assert_eq!(colours, before);
    }

    #[test]
    fn many_colours_become_few_and_stay_near() {
        // Two colours of lines over white paper, in every coverage.
        let mut colours = Vec::new();
        let mut pixels = Vec::new();
        for minor in 0..40_u32 {
            for major in 0..20_u32 {
                let mix = |paper: u32, line: u32, share: u32, of: u32| {
                    (paper * (of - share) + line * share) / of
                };
                colours.push(
                    [250_u32, 120, 90].map(|line| {
                        mix(mix(255, (line + 255) / 2, minor, 40), line, major, 20) as u8
                    }),
                );
                pixels.push(if minor == 0 && major == 0 {
                    100_000
                } else {
                    50
                });
            }
        }
        let before = colours.clone();
        let steps = reduce(&mut colours, &pixels);
        let mut found = colours.clone();
        found.sort_unstable();
        found.dedup();
        assert!(found.len() <= MOST && found.len() * (steps as usize) < 256);
        assert_eq!(colours[0], [255, 255, 255], "bare paper stays as it is");
        for (after, before) in colours.iter().zip(&before) {
            let off = after.iter().zip(before).map(|(a, b)| a.abs_diff(*b)).max();
            assert!(off <= Some(16), "{before:?} became {after:?}");
        }
    }
}
