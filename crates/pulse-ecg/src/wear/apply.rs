//! The order of wear.

use rand_chacha::ChaCha8Rng;

use super::random::{between, of_distortion};
use super::strengths::{Wear, WearError};
use super::{
    blur, creases, crop, fading, handwriting, jpeg, noise, perspective, resample, rotation, scan,
    shadow, temperature,
};
use crate::page::{Homography, Page};

/// What every distortion gets.
pub(super) struct Draw {
    /// How much of it, from 0 (exclusive) to 1.
    pub(super) amount: f32,
    /// Its own generator.
    pub(super) random: ChaCha8Rng,
    /// Seed of the page and its place in the order, for generators of rows.
    pub(super) seed: u64,
    pub(super) index: usize,
}

impl Draw {
    fn new(wear: &Wear, seed: u64, name: &str) -> Option<Self> {
        let index = Wear::NAMES.iter().position(|known| *known == name)?;
        let strength = wear.strengths()[index];
        if strength <= 0.0 {
            return None;
        }
        let mut random = of_distortion(seed, index);
        let amount = strength * between(&mut random, 0.5, 1.0);
        Some(Self {
            amount,
            random,
            seed,
            index,
        })
    }
}

impl Wear {
    /// Wears a page.
    ///
    /// The picture may change its size; the geometry of the returned page maps to the new picture.
    /// Errors: a strength outside 0 to 1, a worn picture of more than 64 million pixels.
    pub fn apply(&self, page: &Page, seed: u64) -> Result<Page, WearError> {
        self.check()?;
        let mut page = page.clone();
        let draw = |name| Draw::new(self, seed, name);
        if let Some(draw) = draw("fading") {
            fading::apply(&mut page.picture, draw);
        }
        if let Some(draw) = draw("handwriting") {
            handwriting::apply(&mut page.picture, &page.geometry, draw);
        }
        if let Some(draw) = draw("creases") {
            creases::apply(&mut page.picture, draw);
        }
        self.move_page(&mut page, seed)?;
        let picture = &mut page.picture;
        if let Some(draw) = draw("shadow") {
            shadow::apply(picture, draw);
        }
        if let Some(draw) = draw("temperature") {
            temperature::apply(picture, draw);
        }
        if let Some(draw) = draw("scan") {
            scan::apply(picture, draw);
        }
        if let Some(draw) = draw("blur") {
            blur::apply(picture, draw);
        }
        if let Some(draw) = draw("noise") {
            noise::apply(picture, draw);
        }
        if let Some(draw) = draw("jpeg") {
            jpeg::apply(picture, draw);
        }
        Ok(page)
    }

    /// Rotation, perspective and crop in one resampling.
    fn move_page(&self, page: &mut Page, seed: u64) -> Result<(), WearError> {
        let size = page.picture.size();
        let (width, height) = (f64::from(size.width), f64::from(size.height));
        let mut map = Homography::IDENTITY;
        let mut moved = false;
        if let Some(draw) = Draw::new(self, seed, "perspective") {
            map = perspective::map(width, height, draw)?;
            moved = true;
        }
        if let Some(draw) = Draw::new(self, seed, "rotation") {
            map = rotation::map(width, height, draw).after(&map);
            moved = true;
        }
        let mut frame = resample::frame(&map, width, height);
        if let Some(draw) = Draw::new(self, seed, "crop") {
            crop::cut(&mut frame, draw);
            moved = true;
        }
        if !moved {
            return Ok(());
        }
        // The table below the page; where there is no rotation nobody sees it.
        let mut random = of_distortion(seed, Wear::NAMES.len());
        let table = resample::table(&mut random);
        let (picture, map) = resample::resample(&page.picture, &map, frame, table)?;
        page.geometry.transform(&map, picture.size());
        page.picture = picture;
        Ok(())
    }
}
