//! ECGBench, complete and trustworthy: running, scoring, judging, reports.
