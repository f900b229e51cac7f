//! What is changed about a page.

use std::fmt;

use pulse_data::synthesize::SynthesizeError;
use pulse_ecg::Recording;
use pulse_ecg::page::{Layout, PageRenderer, PageSettings};
use pulse_ecg::wear::Wear;
use serde::Serialize;

use super::swap::LeadSwap;

/// One change against the clean page: 3x4 with a rhythm strip, 25 mm/s, 10 mm/mV.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub enum Variation {
    /// None.
    Clean,
    /// One distortion of [`Wear`] with a strength from 0 to 1.
    Wear(&'static str, f32),
    /// All distortions of the preset "a bad photograph of a crumpled page", scaled by this.
    AllWear(f32),
    /// Another layout, without rhythm strip.
    Layout(Layout),
    /// Another paper speed in mm/s.
    Speed(f64),
    /// Another gain in mm/mV.
    Gain(f64),
    /// Exchanged electrodes.
    Swap(LeadSwap),
}

impl Variation {
    /// The whole battery: the clean page, all kinds of wear at the given strengths, and all other drawings.
    pub fn battery(strengths: &[f32]) -> Vec<Self> {
        let mut all = vec![Self::Clean];
        for strength in strengths {
            all.push(Self::AllWear(*strength));
        }
        for name in Wear::NAMES {
            all.extend(strengths.iter().map(|strength| Self::Wear(name, *strength)));
        }
        let layouts = [Layout::ThreeByFour, Layout::SixByTwo, Layout::TwelveByOne];
        all.extend(layouts.map(Self::Layout));
        all.extend([Self::Speed(50.0), Self::Gain(5.0), Self::Gain(20.0)]);
        all.extend(LeadSwap::ALL.map(Self::Swap));
        all
    }

    /// What kind of change it is: the name of the curve it belongs to.
    pub fn axis(&self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Wear(name, _) => name,
            Self::AllWear(_) => "all wear",
            Self::Layout(_) => "layout",
            Self::Speed(_) => "speed",
            Self::Gain(_) => "gain",
            Self::Swap(_) => "lead swap",
        }
    }

    /// Its strength, for the graded ones.
    pub fn strength(&self) -> Option<f32> {
        match self {
            Self::Wear(_, strength) | Self::AllWear(strength) => Some(*strength),
            _ => None,
        }
    }

    /// A name for files.
    pub(super) fn folder(&self) -> String {
        let plain = |c: char| {
            if c.is_ascii_alphanumeric() || c == '.' {
                c
            } else {
                '-'
            }
        };
        self.to_string().chars().map(plain).collect()
    }

    /// The page as a PNG file. The same recording, variation and seed give the same page; the seed draws the
    /// details of wear.
    pub(super) fn draw(
        &self,
        recording: &Recording,
        dpi: f64,
        seed: u64,
    ) -> Result<Vec<u8>, SynthesizeError> {
        let mut settings = PageSettings {
            dpi,
            ..PageSettings::default()
        };
        let mut wear = Wear::none();
        let mut swapped = None;
        match self {
            Self::Clean => {}
            Self::Wear(name, strength) => wear = format!("{name}={strength}").parse()?,
            Self::AllWear(strength) => {
                let all = Wear::NAMES.into_iter().zip(Wear::heavy().strengths());
                let list: Vec<String> = all
                    .map(|(name, most)| format!("{name}={}", most * strength))
                    .collect();
                wear = list.join(",").parse()?;
            }
            Self::Layout(layout) => {
                settings.layout = layout.clone();
                settings.rhythm = Vec::new();
            }
            Self::Speed(speed) => settings.speed_mm_per_s = *speed,
            Self::Gain(gain) => settings.gain_mm_per_mv = *gain,
            Self::Swap(swap) => swapped = Some(swap.apply(recording)),
        }
        let page = PageRenderer::new(settings)?.render(swapped.as_ref().unwrap_or(recording))?;
        let page = match wear == Wear::none() {
            true => page,
            false => wear.apply(&page, seed)?,
        };
        Ok(page.picture.to_png()?)
    }
}

impl fmt::Display for Variation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Clean => out.write_str("clean"),
            Self::Wear(name, strength) => write!(out, "{name} {strength}"),
            Self::AllWear(strength) => write!(out, "all wear {strength}"),
            Self::Layout(layout) => write!(out, "layout {layout}"),
            Self::Speed(speed) => write!(out, "speed {speed} mm/s"),
            Self::Gain(gain) => write!(out, "gain {gain} mm/mV"),
            Self::Swap(swap) => write!(out, "lead swap {}", swap.name()),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::HashSet;

    use pulse_data::bench::BenchConfig;
    use pulse_data::synthesize::bench_case;

    use super::*;

    #[test]
    fn every_variation_is_another_page_and_the_same_again() {
        let case = bench_case(3, BenchConfig::PtbTest, 0).unwrap();
        let all = Variation::battery(&[0.5, 1.0]);
        let mut pages = HashSet::new();
        let mut folders = HashSet::new();
        for variation in &all {
            let page = variation.draw(&case.recording, 40.0, 1).unwrap();
            assert!(pages.insert(page), "{variation} is drawn like another");
            assert!(folders.insert(variation.folder()), "{variation}");
        }
        let again = all[2].draw(&case.recording, 40.0, 1).unwrap();
        assert!(pages.contains(&again));
        let other_seed = all[2].draw(&case.recording, 40.0, 2).unwrap();
        assert!(!pages.contains(&other_seed));
    }
}
