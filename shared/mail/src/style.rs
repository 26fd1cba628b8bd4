//! How mail looks: colours, type and spacing, inline for every program, with classes for dark mode and phones where they
//! are understood.
//!
//! Each colour comes as a light value, written inline, and a dark one for `prefers-color-scheme`. All are soft and
//! saturated enough to stay apart where a program inverts them by itself; a test holds every pair at 4.5:1.

use domain::show::Mark;

use crate::view::Count;

pub(crate) const FONT: &str = "Inter,-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";

pub(crate) const GROUND: &str = "#f5f5f8";
pub(crate) const CARD: &str = "#ffffff";
pub(crate) const TEXT: &str = "#17171f";
pub(crate) const MUTED: &str = "#5f5f6e";
pub(crate) const RULE: &str = "#e6e6ec";
pub(crate) const ACCENT: &str = "#4a45c9";
pub(crate) const ACCENT_SOFT: &str = "#eeedfc";
pub(crate) const GOOD: &str = "#14733c";
pub(crate) const GOOD_SOFT: &str = "#e6f5ec";
pub(crate) const BAD: &str = "#bf2330";
pub(crate) const BAD_SOFT: &str = "#fdecee";
pub(crate) const WARN: &str = "#8a5300";
pub(crate) const WARN_SOFT: &str = "#fdf3e1";
pub(crate) const GREY_SOFT: &str = "#eeeef3";

/// How a mark looks: its glyph, the colour of glyph and word, the ground of the glyph. The ground's class is that of the colour and an `s`.
pub(crate) struct Look {
    pub(crate) class: &'static str,
    pub(crate) glyph: &'static str,
    /// Of the glyph: they differ in how much of a square they fill.
    pub(crate) size: &'static str,
    pub(crate) colour: &'static str,
    pub(crate) ground: &'static str,
}

pub(crate) fn look(mark: Mark) -> Look {
    let (class, glyph, size, colour, ground) = match mark {
        Mark::Done => ("g", "✓", "13px", GOOD, GOOD_SOFT),
        Mark::Late => ("r", "!", "14px", BAD, BAD_SOFT),
        Mark::New => ("a", "+", "17px", ACCENT, ACCENT_SOFT),
        Mark::Changed => ("w", "≈", "15px", WARN, WARN_SOFT),
        Mark::Cancelled => ("m", "×", "16px", MUTED, GREY_SOFT),
        Mark::Open => ("m", "○", "13px", MUTED, GREY_SOFT),
    };
    Look { class, glyph, size, colour, ground }
}

pub(crate) fn count(count: Count) -> Look {
    match count {
        Count::Done => look(Mark::Done),
        Count::Late => look(Mark::Late),
        Count::Open => look(Mark::Open),
        Count::Other => look(Mark::Changed),
        Count::Metrics => Look { class: "a", glyph: "↗", size: "13px", colour: ACCENT, ground: ACCENT_SOFT },
    }
}

/// A large mark of no colour.
pub(crate) fn grey(glyph: &'static str) -> Look {
    Look { class: "m", glyph, size: "18px", colour: MUTED, ground: GREY_SOFT }
}

/// A large mark that invites.
pub(crate) fn accent(glyph: &'static str) -> Look {
    Look { class: "a", glyph, size: "18px", colour: ACCENT, ground: ACCENT_SOFT }
}

/// Ground and letters of the eight avatars, by day and by night.
const AVATARS: [[&str; 4]; 8] = [
    ["#ffdbda", "#682226", "#502828", "#ffc3c2"],
    ["#fee0c9", "#612d00", "#4c2d12", "#ffcca2"],
    ["#e7e9c7", "#414000", "#37380e", "#dadd9f"],
    ["#d0f0d9", "#004c24", "#183e27", "#aee8c1"],
    ["#c4f0f2", "#004b52", "#003e41", "#96e8ec"],
    ["#d0e9ff", "#023f6f", "#1b3753", "#b0dcff"],
    ["#e8e1ff", "#42306b", "#382f51", "#dbceff"],
    ["#fcdbf0", "#5e244d", "#4a283f", "#fcc3e8"],
];

/// Ground and letters of an avatar.
pub(crate) fn avatar(hue: usize) -> (&'static str, &'static str) {
    let [ground, letters, ..] = AVATARS[hue % AVATARS.len()];
    (ground, letters)
}

/// One of many in a list, and in it the name, which leads to its page, and what one can do about it. They are in the head for
/// lists too long to say it at every line; there a program that drops the head shows plain paragraphs and links.
pub(crate) const ENTRY: &str = "margin:0;padding:12px 0 13px;border-top:1px solid #e6e6ec;font-size:14px;line-height:21px;color:#17171f";
pub(crate) const ENTRY_NAME: &str = "color:#17171f;text-decoration:none";
pub(crate) const ENTRY_ARROW: &str = "font-style:normal;color:#4a45c9";
pub(crate) const ENTRY_NUDGE: &str = "display:inline-block;margin:7px 4px 0 0;padding:3px 10px;border:1px solid #e6e6ec;border-radius:8px;\
font-size:13px;line-height:20px;font-weight:600;color:#4a45c9;text-decoration:none";

/// What phones and hovering need.
pub(crate) const BASE: &str = "body{margin:0;padding:0;width:100%!important;-webkit-text-size-adjust:100%;-ms-text-size-adjust:100%}\
table{border-collapse:separate;mso-table-lspace:0;mso-table-rspace:0}img{border:0;line-height:100%;-ms-interpolation-mode:bicubic}\
a:hover{text-decoration:underline!important}\
.k{white-space:nowrap}.k i{display:inline-block;width:10px;height:7px;border:1.5px solid;border-radius:5px 5px 5px 1px;margin:0 6px 0 0;mso-hide:all}\
@media (max-width:600px){.out{padding:16px 8px 32px!important}.pad{padding:24px 20px!important}.h1{font-size:24px!important;line-height:30px!important}\
.num{font-size:20px!important}.cell{padding:10px 4px 10px 12px!important}.e small a{padding:6px 8px!important}\
.k a{padding:11px 0 7px 10px!important;font-size:11px!important;line-height:14px!important;text-align:center}\
.k i{display:block!important;margin:2px auto 4px!important}}";

/// Dark mode, in a block of its own: a program that can't read it loses nothing else.
pub(crate) const DARK: &str = "@media (prefers-color-scheme:dark){.bg{background-color:#101014!important}\
.card{background-color:#17171c!important;border-color:#2a2a33!important}.t{color:#ededf2!important}.m{color:#a2a2b1!important}\
.l{border-color:#2a2a33!important}.g{color:#4cc38a!important}.r{color:#ff8187!important}.a{color:#a3a0ff!important}.w{color:#f0b45a!important}\
.ms{background-color:#2a2a33!important}.gs{background-color:#12301f!important}.rs{background-color:#3b1519!important}\
.as{background-color:#25244a!important}.ws{background-color:#33240d!important}.tile,.fill{background-color:#8f8bff!important}.tile,.btn{color:#101014!important}\
.btn{background-color:#a3a0ff!important}\
.e{border-color:#2a2a33!important;color:#ededf2!important}.e a{color:#ededf2!important}.e span{color:#a2a2b1!important}\
.e i{color:#a3a0ff!important}.e small a{border-color:#2a2a33!important;color:#a3a0ff!important}\
.c0{background-color:#502828!important;color:#ffc3c2!important}.c1{background-color:#4c2d12!important;color:#ffcca2!important}\
.c2{background-color:#37380e!important;color:#dadd9f!important}.c3{background-color:#183e27!important;color:#aee8c1!important}\
.c4{background-color:#003e41!important;color:#96e8ec!important}.c5{background-color:#1b3753!important;color:#b0dcff!important}\
.c6{background-color:#382f51!important;color:#dbceff!important}.c7{background-color:#4a283f!important;color:#fcc3e8!important}}";

/// Outlook on Windows: pixels as pixels, and no Times in tables.
pub(crate) const OUTLOOK: &str = "<!--[if mso]><xml><o:OfficeDocumentSettings><o:PixelsPerInch>96</o:PixelsPerInch></o:OfficeDocumentSettings></xml>\
<style>table,td,h1,h2,h3,h4,p,a,span{font-family:'Segoe UI',Arial,sans-serif!important}.k{padding:11px 0 0 12px}</style><![endif]-->";

#[cfg(test)]
mod tests {
    use super::*;

    fn luminance(colour: &str) -> f64 {
        let channel = |at: usize| {
            let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    fn contrast(a: &str, b: &str) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// What the dark block says of a class.
    fn dark(class: &str, property: &str) -> &'static str {
        DARK.split('}')
            .filter_map(|rule| rule.rsplit_once('{'))
            .filter(|(selectors, _)| selectors.rsplit('{').next().unwrap().split(',').any(|s| s == format!(".{class}")))
            .flat_map(|(_, body)| body.split(';'))
            .find_map(|declaration| declaration.strip_prefix(&format!("{property}:"))?.strip_suffix("!important"))
            .unwrap_or_else(|| panic!("no dark {property} for .{class}"))
    }

    #[test]
    fn every_text_stands_out_by_day() {
        for (text, ground) in [
            (TEXT, CARD),
            (TEXT, GROUND),
            (MUTED, CARD),
            (MUTED, GROUND),
            (MUTED, GREY_SOFT),
            (ACCENT, CARD),
            (ACCENT, ACCENT_SOFT),
            (ACCENT, GROUND),
            (GOOD, CARD),
            (GOOD, GOOD_SOFT),
            (BAD, CARD),
            (BAD, BAD_SOFT),
            (WARN, CARD),
            (WARN, WARN_SOFT),
            (TEXT, WARN_SOFT),
            (CARD, ACCENT),
        ] {
            assert!(contrast(text, ground) >= 4.5, "{text} on {ground}: {}", contrast(text, ground));
        }
        for [ground, letters, dark_ground, dark_letters] in AVATARS {
            assert!(contrast(ground, letters) >= 4.5 && contrast(dark_ground, dark_letters) >= 4.5);
        }
    }

    #[test]
    fn every_text_stands_out_by_night() {
        for (text, ground) in [
            ("t", "card"),
            ("t", "bg"),
            ("m", "card"),
            ("m", "bg"),
            ("m", "ms"),
            ("a", "card"),
            ("a", "bg"),
            ("a", "as"),
            ("g", "card"),
            ("g", "gs"),
            ("r", "card"),
            ("r", "rs"),
            ("w", "card"),
            ("w", "ws"),
            ("t", "ws"),
            ("e", "card"),
            ("e a", "card"),
            ("e span", "card"),
            ("e i", "card"),
            ("e small a", "card"),
            ("btn", "btn"),
            ("tile", "tile"),
        ] {
            let (text, ground) = (dark(text, "color"), dark(ground, "background-color"));
            assert!(contrast(text, ground) >= 4.5, "{text} on {ground}: {}", contrast(text, ground));
        }
    }

    #[test]
    fn what_is_only_in_the_head_has_the_colours_of_the_rest() {
        for rule in [ENTRY, ENTRY_NAME, ENTRY_ARROW, ENTRY_NUDGE] {
            for colour in rule.match_indices('#').map(|(at, _)| &rule[at..at + 7]) {
                assert!([TEXT, RULE, ACCENT].contains(&colour), "{colour}");
            }
        }
    }

    #[test]
    fn the_line_of_a_chart_stands_out_by_day_and_by_night() {
        let [red, green, blue] = crate::chart::ACCENT;
        let line = format!("#{red:02x}{green:02x}{blue:02x}");
        for ground in [CARD, dark("card", "background-color")] {
            assert!(contrast(&line, ground) >= 3.0, "{line} on {ground}: {}", contrast(&line, ground));
        }
    }

    #[test]
    fn avatars_are_the_same_in_the_dark_block() {
        for (index, [_, _, ground, letters]) in AVATARS.iter().enumerate() {
            assert_eq!((dark(&format!("c{index}"), "background-color"), dark(&format!("c{index}"), "color")), (*ground, *letters));
        }
    }
}
