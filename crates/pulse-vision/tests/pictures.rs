//! Picture files of many kinds against the pixels that Pillow gives for them
//! (`tests/pictures/make.py`).

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use pulse_vision::{PageImage, PictureError, PixelSize};
use serde::Deserialize;

/// What Pillow gives for a file.
#[derive(Deserialize)]
struct Expected {
    width: u32,
    height: u32,
    rgb: String,
}

/// Files that Pillow opens and this crate refuses by a typed error. Three are kinds of TIFF that no
/// electrocardiograph writes; Lab needs a colour management library.
const REFUSED: [(&str, &str); 3] = [
    ("ycbcr8.tiff", "YCbCr colour without JPEG compression"),
    ("lab8.tiff", "Lab colour"),
    ("fax3.tiff", "Fax3"),
];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/pictures")
}

fn expected() -> BTreeMap<String, Option<Expected>> {
    let text = std::fs::read_to_string(folder().join("expected.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn refusal(name: &str) -> Option<&'static str> {
    let found = REFUSED.iter().find(|(file, _)| *file == name);
    found.map(|(_, part)| *part)
}

#[test]
fn every_file_has_the_pixels_that_pillow_gives() {
    let mut differing = Vec::new();
    let mut compared = 0;
    for (name, expected) in expected() {
        let Some(expected) = expected else { continue };
        if refusal(&name).is_some() {
            continue;
        }
        compared += 1;
        let picture = match PageImage::open(folder().join(&name)) {
            Ok(picture) => picture,
            Err(error) => {
                differing.push(format!("{name}: {error}"));
                continue;
            }
        };
        if picture.size() != PixelSize::new(expected.width, expected.height) {
            differing.push(format!("{name}: {}", picture.size()));
            continue;
        }
        let bytes: Vec<u8> = (0..expected.rgb.len() / 2)
            .map(|index| u8::from_str_radix(&expected.rgb[2 * index..][..2], 16).unwrap())
            .collect();
        let pairs = bytes.iter().zip(picture.rgb());
        let levels = pairs.clone().map(|(a, b)| a.abs_diff(*b)).max().unwrap();
        let count = pairs.filter(|(a, b)| a != b).count();
        if count > 0 {
            differing.push(format!("{name}: {count} bytes differ, by up to {levels}"));
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
    assert!(compared > 50, "{compared}");
}

#[test]
fn kinds_that_are_not_decoded_are_named() {
    for (name, part) in REFUSED {
        let error = PageImage::open(folder().join(name)).unwrap_err();
        assert!(
            matches!(error, PictureError::Unsupported { .. }),
            "{name}: {error}"
        );
        let message = error.to_string();
        assert!(
            message.contains(part) && message.contains("convert it"),
            "{name}: {message}"
        );
    }
    // Pillow opens this one and then cannot convert it.
    let error = PageImage::open(folder().join("grey_premultiplied8.tiff")).unwrap_err();
    assert!(
        error.to_string().contains("grey with 2 samples of 8 bits"),
        "{error}"
    );
}

#[test]
fn grey_with_wide_alpha_keeps_the_high_byte() {
    // Pillow has no such TIFF; read like a PNG of the kind.
    let picture = PageImage::open(folder().join("grey_alpha16.tiff")).unwrap();
    let bytes = std::fs::read(folder().join("grey_alpha16.tiff")).unwrap();
    let stored = bytes[8..].as_chunks::<4>().0;
    for (pixel, stored) in picture.rgb().as_chunks::<3>().0.iter().zip(stored) {
        assert_eq!(*pixel, [stored[1]; 3]);
    }
}

#[test]
fn every_cut_of_every_file_is_an_error() {
    for name in expected().keys() {
        let whole = std::fs::read(folder().join(name)).unwrap();
        if PageImage::decode(&whole).is_err() {
            continue;
        }
        for length in (0..whole.len() - 20).step_by(whole.len() / 40 + 1) {
            assert!(
                PageImage::decode(&whole[..length]).is_err(),
                "{name} cut at {length}"
            );
        }
    }
}

#[test]
fn no_changed_byte_of_a_file_makes_it_panic() {
    for name in expected().keys() {
        let whole = std::fs::read(folder().join(name)).unwrap();
        for at in 0..whole.len().min(700) {
            for value in [0, 1, 0x7f, 0xff] {
                let mut bytes = whole.clone();
                bytes[at] = value;
                if let Ok(picture) = PageImage::decode(&bytes) {
                    assert!(
                        picture.size().pixels() > 0,
                        "{name} with byte {at} = {value}"
                    );
                }
            }
        }
    }
}

#[test]
fn an_empty_picture_is_called_empty() {
    let error = PageImage::from_rgb(PixelSize::new(0, 5), Vec::new()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the picture is 0x5: it has no pixels; expected at least 1x1"
    );
}
