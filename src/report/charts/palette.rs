//! Colours that colour-blind readers and grey printers tell apart; never red against green.
//!
//! Series: four hues of Okabe and Ito (2008), each with its own dash pattern, and grey for the
//! rest. Ramp: cividis (Nunez, Anderton & Renslow 2018). Status words always stand beside colours.

/// Colours of the first four series.
pub(crate) const SERIES: [&str; 4] = ["#0072B2", "#D55E00", "#009E73", "#CC79A7"];
/// Colour of everything that is summed up as "others".
pub(crate) const OTHERS: &str = "#8C939C";
/// Dash patterns of the series, the fifth for "others".
pub(crate) const DASHES: [&str; 5] = ["", "7 3", "2 2.5", "10 3 2 3", "1 3"];

/// Met, or fine.
pub(crate) const OK: &str = "#0072B2";
/// Missed, or broken.
pub(crate) const OVER: &str = "#9B1C31";
/// Done on purpose: no hue at all, and a shape of its own.
pub(crate) const PLANNED: &str = "#4A5361";

pub(crate) const INK: &str = "#14181F";
pub(crate) const INK_SOFT: &str = "#5B6470";
pub(crate) const INK_FAINT: &str = "#7B8490";
pub(crate) const GRID: &str = "#E9ECF0";
pub(crate) const AXIS: &str = "#B8BFC8";

/// Colour and dash pattern of series `i`; from the fifth on, those of "others".
pub(crate) fn series(i: usize) -> (&'static str, &'static str) {
    (SERIES.get(i).copied().unwrap_or(OTHERS), DASHES[i.min(4)])
}

/// Stroke attributes of series `i`.
pub(crate) fn stroke(i: usize, width: f64) -> String {
    let (colour, dash) = series(i);
    let dash =
        if dash.is_empty() { String::new() } else { format!(" stroke-dasharray=\"{dash}\"") };
    format!("stroke=\"{colour}\" stroke-width=\"{width}\" stroke-linejoin=\"round\"{dash}")
}

/// cividis at ten equal steps.
const CIVIDIS: [(u8, u8, u8); 10] = [
    (0x00, 0x22, 0x4e),
    (0x12, 0x35, 0x70),
    (0x3b, 0x49, 0x6c),
    (0x57, 0x5d, 0x6d),
    (0x70, 0x71, 0x73),
    (0x8a, 0x86, 0x78),
    (0xa5, 0x9c, 0x74),
    (0xc3, 0xb3, 0x69),
    (0xe1, 0xcc, 0x55),
    (0xfe, 0xe8, 0x38),
];

/// cividis at `share` of 0..=1, linear between its steps.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0..=255 and 0..=9")]
pub(crate) fn cividis(share: f64) -> String {
    let x = share.clamp(0.0, 1.0) * 9.0;
    let i = (libm::floor(x) as usize).min(8);
    let (a, b, t) = (CIVIDIS[i], CIVIDIS[i + 1], x - crate::report::findings::float(i as u64));
    let mix = |a: u8, b: u8| libm::round(f64::from(a) + (f64::from(b) - f64::from(a)) * t) as u8;
    format!("#{:02x}{:02x}{:02x}", mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ramp_ends() {
        assert_eq!((cividis(0.0), cividis(1.0)), ("#00224e".into(), "#fee838".into()));
        assert_eq!(cividis(f64::INFINITY), "#fee838");
        // Half of the first step: (0 + 18) / 2 = 9, (34 + 53) / 2 = 43.5, (78 + 112) / 2 = 95.
        assert_eq!(cividis(0.5 / 9.0), "#092c5f");
    }
}
