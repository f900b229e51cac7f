//! Settings and recordings that make no sense are typed errors; what makes sense is drawn.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod drawn;

use drawn::{beats, recording};
use proptest::prelude::*;
use pulse_ecg::page::{
    GridColour, Layout, MissingLeads, PageError, PageFileError, PageRenderer, PageSettings, Paper,
    PictureFormat,
};
use pulse_ecg::wear::Wear;
use pulse_ecg::{Lead, Recording};

fn settings() -> PageSettings {
    PageSettings {
        dpi: 60.0,
        ..PageSettings::default()
    }
}

fn refused(settings: PageSettings) -> PageError {
    PageRenderer::new(settings).expect_err("settings that make no sense")
}

#[test]
fn empty_names_of_leads_are_refused() {
    let names = |list: &str| -> Vec<Lead> { list.split(',').map(Lead::parse).collect() };
    for (list, number) in [
        (",,,", 1),
        ("", 1),
        ("II,,V1", 2),
        ("II, ", 2),
        (",,,,,,,", 1),
    ] {
        let rhythm = refused(PageSettings {
            rhythm: names(list),
            ..settings()
        });
        let place = "rhythm strips";
        assert_eq!(rhythm, PageError::EmptyLeadName { place, number });
        let layout = refused(PageSettings {
            layout: Layout::Rows(names(list)),
            ..settings()
        });
        let place = "layout";
        assert_eq!(layout, PageError::EmptyLeadName { place, number });
    }
}

#[test]
fn numbers_outside_their_range_are_refused() {
    for bad in [0.0, -200.0, f64::NAN, f64::INFINITY] {
        let refusals = [
            refused(PageSettings {
                dpi: bad,
                ..settings()
            }),
            refused(PageSettings {
                speed_mm_per_s: bad,
                ..settings()
            }),
            refused(PageSettings {
                gain_mm_per_mv: bad,
                ..settings()
            }),
            refused(PageSettings {
                shown_s: Some(bad),
                ..settings()
            }),
            refused(PageSettings {
                trace_width_mm: bad,
                ..settings()
            }),
            refused(PageSettings {
                paper: Paper::Custom {
                    width_mm: bad,
                    height_mm: 200.0,
                },
                ..settings()
            }),
        ];
        for refusal in refusals {
            assert!(matches!(refusal, PageError::Setting { .. }), "{refusal}");
        }
    }
    assert!(matches!(
        refused(PageSettings {
            start_s: -1.0,
            ..settings()
        }),
        PageError::Setting { .. }
    ));
    assert_eq!(
        refused(PageSettings {
            layout: Layout::Rows(vec![]),
            ..settings()
        }),
        PageError::NoLeads
    );
}

#[test]
fn a_page_larger_than_memory_is_refused_before_it_is_made() {
    let paper = Paper::Custom {
        width_mm: 5000.0,
        height_mm: 5000.0,
    };
    let refusal = refused(PageSettings {
        paper,
        dpi: 1200.0,
        ..settings()
    });
    assert!(
        matches!(refusal, PageError::TooManyPixels { .. }),
        "{refusal}"
    );
    let refusal = refused(PageSettings {
        paper: Paper::Fit,
        shown_s: Some(3600.0),
        dpi: 1200.0,
        ..settings()
    });
    assert!(
        matches!(refusal, PageError::TooManyPixels { .. }),
        "{refusal}"
    );
}

#[test]
fn leads_that_do_not_fit_are_refused() {
    let refusal = refused(PageSettings {
        shown_s: Some(20.0),
        ..settings()
    });
    assert!(
        matches!(
            refusal,
            PageError::DoesNotFit {
                direction: "width",
                ..
            }
        ),
        "{refusal}"
    );
    let layout = Layout::Rows(vec![Lead::II; 30]);
    let refusal = refused(PageSettings {
        layout,
        ..settings()
    });
    assert!(
        matches!(
            refusal,
            PageError::DoesNotFit {
                direction: "height",
                ..
            }
        ),
        "{refusal}"
    );
}

#[test]
fn missing_leads_are_refused_or_left_blank_and_never_invented() {
    let single = recording(&[Lead::II], 10.0, |_, _| 0.1);
    let refusal = PageRenderer::new(settings())
        .unwrap()
        .render(&single)
        .expect_err("one lead");
    assert!(
        matches!(refusal, PageError::MissingLead { lead: Lead::I, .. }),
        "{refusal}"
    );
    let blank = PageSettings {
        missing_leads: MissingLeads::Blank,
        ..settings()
    };
    let page = PageRenderer::new(blank).unwrap().render(&single).unwrap();
    let drawn: Vec<&Lead> = page
        .geometry
        .leads
        .iter()
        .filter(|trace| trace.drawn)
        .map(|trace| &trace.lead)
        .collect();
    assert_eq!(drawn, [&Lead::II, &Lead::II]);
    // A single lead has a page of its own.
    let rows = PageSettings {
        layout: Layout::Rows(vec![Lead::II]),
        rhythm: vec![],
        paper: Paper::Fit,
        ..settings()
    };
    let page = PageRenderer::new(rows).unwrap().render(&single).unwrap();
    assert_eq!(page.geometry.leads.len(), 1);
}

#[test]
fn fifteen_leads_fill_twelve_cells_or_fifteen_rows() {
    let mut leads = Lead::STANDARD.to_vec();
    leads.extend(["vx", "vy", "vz"].map(Lead::parse));
    let frank = recording(&leads, 10.0, |lead, time| {
        (lead as f32 * 0.1) * (time as f32).sin()
    });
    assert!(
        PageRenderer::new(settings())
            .unwrap()
            .render(&frank)
            .is_ok()
    );
    let rows = PageSettings {
        layout: Layout::Rows(leads),
        rhythm: vec![],
        paper: Paper::Fit,
        ..settings()
    };
    let page = PageRenderer::new(rows).unwrap().render(&frank).unwrap();
    assert_eq!(page.geometry.leads.len(), 15);
    assert!(page.geometry.leads.iter().all(|trace| trace.drawn));
}

#[test]
fn recordings_with_nothing_to_draw_are_refused() {
    let renderer = PageRenderer::new(settings()).unwrap();
    let nothing = |recording: &Recording| renderer.render(recording).expect_err("nothing to draw");
    let empty = recording(&Lead::STANDARD, 0.0, |_, _| 0.0);
    assert!(matches!(
        nothing(&empty),
        PageError::NothingToDraw { samples: 0, .. }
    ));
    let missing = recording(&Lead::STANDARD, 10.0, |_, _| f32::NAN);
    assert!(matches!(nothing(&missing), PageError::NothingToDraw { .. }));
    let mut rate = beats();
    for bad in [0.0, -500.0, f64::NAN, 1e12] {
        rate.sampling_rate_hz = bad;
        assert!(matches!(nothing(&rate), PageError::SamplingRate { .. }));
    }
    let mut unequal = beats();
    unequal.leads[4].millivolts.pop();
    assert!(matches!(
        nothing(&unequal),
        PageError::UnequalLengths {
            lead: Lead::AVL,
            ..
        }
    ));
    let none = Recording {
        leads: vec![],
        ..beats()
    };
    assert!(matches!(nothing(&none), PageError::MissingLead { .. }));
    let late = PageSettings {
        start_s: 10.1,
        ..settings()
    };
    let late = PageRenderer::new(late).unwrap().render(&beats());
    assert!(matches!(late, Err(PageError::NothingToDraw { .. })));
}

#[test]
fn missing_samples_leave_a_gap() {
    let gap = recording(&[Lead::II], 10.0, |_, time| {
        if (4.0..6.0).contains(&time) {
            f32::NAN
        } else {
            0.0
        }
    });
    let rows = PageSettings {
        layout: Layout::Rows(vec![Lead::II]),
        rhythm: vec![],
        grid: GridColour::Plain.style(),
        dpi: 100.0,
        ..PageSettings::default()
    };
    let page = PageRenderer::new(rows).unwrap().render(&gap).unwrap();
    let trace = &page.geometry.leads[0];
    let has_ink = |seconds: f64| {
        let x = trace.bounds.x + seconds * page.geometry.px_per_s;
        let row = trace.baseline_y as u32;
        (row - 1..=row + 1).any(|y| page.picture.pixel(x as u32, y).unwrap()[0] < 128)
    };
    assert!(has_ink(3.9) && has_ink(6.1) && !has_ink(4.1) && !has_ink(5.0) && !has_ink(5.9));
}

#[test]
fn files_are_whole_or_absent() {
    let page = PageRenderer::new(settings())
        .unwrap()
        .render(&beats())
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("page.png");
    page.picture
        .save(&path, PictureFormat::of(&path).unwrap())
        .unwrap();
    let mut decoder =
        png::Decoder::new(std::io::BufReader::new(std::fs::File::open(&path).unwrap()));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    assert_eq!(pixels, page.picture.rgb());
    // 60 dpi are 2362 pixels a metre.
    assert_eq!(reader.info().pixel_dims.unwrap().xppu, 2362);
    let jpeg = page.picture.to_jpeg(90).unwrap();
    let decoded = image::load_from_memory_with_format(&jpeg, image::ImageFormat::Jpeg).unwrap();
    assert_eq!((decoded.width(), decoded.height()), (660, 510));
    page.geometry
        .save(&folder.path().join("page.json"))
        .unwrap();
    let names = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(names, 2, "no temporary file is left");

    let nowhere = folder.path().join("missing/page.png");
    let refusal = page
        .picture
        .save(&nowhere, PictureFormat::Png)
        .expect_err("no such folder");
    assert!(matches!(refusal, PageFileError::Write { .. }), "{refusal}");
    // A folder stands where the file should go: nothing may be left beside it.
    let occupied = folder.path().join("folder.png");
    std::fs::create_dir(&occupied).unwrap();
    assert!(page.picture.save(&occupied, PictureFormat::Png).is_err());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3);
    assert!(PictureFormat::of(std::path::Path::new("page.gif")).is_err());
}

fn any_number() -> impl Strategy<Value = f64> {
    prop_oneof![
        5 => 1.0..300.0_f64,
        1 => Just(f64::NAN),
        1 => Just(f64::INFINITY),
        1 => Just(-1.0),
        1 => Just(0.0),
        1 => Just(1e300),
        1 => any::<f64>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any settings and any samples give a page or an error, never a panic.
    #[test]
    fn any_settings_and_samples_give_a_page_or_an_error(
        dpi in prop_oneof![4 => 10.0..90.0_f64, 1 => any_number()],
        speed in any_number(),
        gain in any_number(),
        shown in proptest::option::of(any_number()),
        start in any_number(),
        rate in any_number(),
        layout in 0..4_usize,
        strips in 0..4_usize,
        paper in 0..4_usize,
        values in proptest::collection::vec(any::<f32>(), 0..400),
        rotation in 0.0..1.0_f32,
        seed in any::<u64>(),
    ) {
        let settings = PageSettings {
            dpi,
            speed_mm_per_s: speed,
            gain_mm_per_mv: gain,
            shown_s: shown,
            start_s: start,
            layout: [
                Layout::ThreeByFour,
                Layout::SixByTwo,
                Layout::TwelveByOne,
                Layout::Rows(vec![Lead::V3]),
            ][layout].clone(),
            rhythm: vec![Lead::II; strips],
            paper: [
                Paper::Letter,
                Paper::A4,
                Paper::Fit,
                Paper::Custom { width_mm: speed, height_mm: gain },
            ][paper],
            ..PageSettings::default()
        };
        let mut recording = recording(&Lead::STANDARD, 0.0, |_, _| 0.0);
        recording.sampling_rate_hz = rate;
        for signal in &mut recording.leads {
            signal.millivolts.clone_from(&values);
        }
        if let Ok(renderer) = PageRenderer::new(settings)
            && let Ok(page) = renderer.render(&recording)
            && page.picture.size().area() < 1_000_000
        {
            let mut wear = Wear::heavy();
            wear.rotation = rotation;
            let _ = wear.apply(&page, seed);
        }
    }

    /// Words that are no wear are errors, never a panic.
    #[test]
    fn any_wear_text_is_read_or_refused(text in ".{0,40}") {
        let _ = text.parse::<Wear>();
        let _ = text.parse::<Layout>();
        let _ = text.parse::<Paper>();
    }
}
