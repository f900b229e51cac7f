//! A sheet before a camera.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::kind::DecoyError;
use crate::page::{Page, PageGeometry, Picture};
use crate::wear::{Wear, between};

/// Turned, seen from aside, shaded, blurred, with noise and the blocks of JPEG: each between nothing and what a
/// moderately worn page has.
pub(super) fn photograph(picture: Picture, random: &mut ChaCha8Rng) -> Result<Picture, DecoyError> {
    let most = Wear::moderate();
    let mut up_to = |strength: f32| between(random, 0.0, strength);
    let wear = Wear {
        fading: up_to(most.fading),
        creases: up_to(most.creases),
        rotation: up_to(most.rotation),
        perspective: up_to(most.perspective),
        crop: up_to(most.crop),
        shadow: up_to(most.shadow),
        temperature: up_to(most.temperature),
        blur: up_to(most.blur),
        noise: up_to(most.noise),
        jpeg: up_to(most.jpeg),
        ..Wear::none()
    };
    let size = picture.size();
    let px_per_mm = picture.pixels_per_mm();
    let page = Page {
        picture,
        geometry: PageGeometry {
            page: size,
            picture: size,
            dpi: px_per_mm * 25.4,
            px_per_mm,
            px_per_s: 25.0 * px_per_mm,
            px_per_mv: 10.0 * px_per_mm,
            speed_mm_per_s: 25.0,
            gain_mm_per_mv: 10.0,
            layout: String::new(),
            leads: Vec::new(),
            calibration: Vec::new(),
            homography: None,
        },
    };
    Ok(wear.apply(&page, random.next_u64())?.picture)
}
