//! The generated document is the one in the repository.

#[test]
fn the_metrics_document_is_up_to_date() {
    let stored = include_str!("../../../docs/metrics.md");
    assert!(
        stored == pulse_eval::metrics::metrics_markdown(),
        "docs/metrics.md differs; run `cargo run -p pulse-eval -- metrics > docs/metrics.md`"
    );
}
