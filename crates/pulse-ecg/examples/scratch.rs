use pulse_ecg::page::*; use pulse_ecg::wear::Wear; use pulse_ecg::*;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let raw = std::fs::read(&a[1]).unwrap();
    let n = raw.len()/2/12;
    let leads = Lead::STANDARD.iter().enumerate().map(|(k,l)| LeadSignal{lead:l.clone(), millivolts:(0..n).map(|i| {let o=(i*12+k)*2; i16::from_le_bytes([raw[o],raw[o+1]]) as f32/1000.0}).collect()}).collect();
    let r = Recording{name:a[2].clone(),sampling_rate_hz:500.0,leads,patient:Patient{age_years:Some(84),sex:Some(Sex::Female),diagnosis_codes:vec![]},comments:vec![]};
    let mut s: PageSettings = serde_json::from_str(&a[3]).unwrap();
    if let Ok(g) = std::env::var("GRID") { s.grid = g.parse::<GridColour>().unwrap().style(); }
    let t=std::time::Instant::now();
    let rr = PageRenderer::new(s).unwrap();
    let t1=t.elapsed(); 
    let mut p = rr.render(&r).unwrap();
    let t2=t.elapsed();
    for _ in 0..5 { p = rr.render(&r).unwrap(); }
    let t3=t.elapsed();
    let png=p.picture.to_png().unwrap();
    let t4=t.elapsed();
    let w: Wear = a[4].parse().unwrap();
    let p2=w.apply(&p, std::env::var("SEED").ok().and_then(|s|s.parse().ok()).unwrap_or(7)).unwrap();
    let t5=t.elapsed();
    eprintln!("new {:?} render {:?} again {:?} png {:?} {} wear {:?}",t1,t2-t1,(t3-t2)/5,t4-t3,png.len(),t5-t4);
    p2.picture.save(a[5].as_ref(), PictureFormat::Png).unwrap();
}
