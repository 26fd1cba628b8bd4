//! Bytes to text: the declared charset, else UTF-8, else what a detector finds, else windows-1252.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

/// How many bytes the detector reads.
const SAMPLE: usize = 16_384;

/// Decodes text. A charset nobody knows counts as none declared, and so does one that the bytes contradict.
pub(super) fn decode(bytes: &[u8], declared: Option<&str>) -> String {
    let declared = declared.and_then(named);
    if bytes.is_ascii() && declared.is_none_or(Encoding::is_ascii_compatible) && !bytes.contains(&0x1B) {
        return String::from_utf8_lossy(bytes).into_owned();
    }
    if let Some(encoding) = declared {
        // text declared as Latin or ASCII that is whole UTF-8 is UTF-8: the declaration is a default
        if (encoding == WINDOWS_1252 || encoding == UTF_8)
            && let Ok(text) = std::str::from_utf8(bytes)
        {
            return text.to_owned();
        }
        let (text, _, broken) = encoding.decode(bytes);
        if !broken {
            return text.into_owned();
        }
        let guess = detect(bytes);
        let (guessed, _, also_broken) = guess.decode(bytes);
        // bytes cut off in the middle, or a few broken ones, do not make another charset of it
        let lost = text.chars().filter(|c| *c == char::REPLACEMENT_CHARACTER).count();
        return if also_broken || lost * 20 < text.len() { text.into_owned() } else { guessed.into_owned() };
    }
    if let Ok(text) = std::str::from_utf8(bytes)
        && !bytes.contains(&0x1B)
    {
        return text.to_owned();
    }
    let (text, _, broken) = detect(bytes).decode(bytes);
    if broken { WINDOWS_1252.decode(bytes).0.into_owned() } else { text.into_owned() }
}

/// The encoding of a label, with the names that mail has and the Web has not.
fn named(label: &str) -> Option<&'static Encoding> {
    let label = label.trim().trim_matches(['"', '\'']);
    let known = |label: &str| Encoding::for_label(label.as_bytes()).filter(|encoding| *encoding != encoding_rs::REPLACEMENT);
    known(label).or_else(|| {
        let lower = label.to_ascii_lowercase();
        let plain = lower.strip_prefix("x-").unwrap_or(&lower);
        let plain = plain.strip_prefix("cp-").or_else(|| plain.strip_prefix("cp")).or_else(|| plain.strip_prefix("windows")).map_or_else(
            || plain.to_owned(),
            |number| match number.trim_start_matches(['-', '_']) {
                "932" => "shift_jis".to_owned(),
                "936" => "gbk".to_owned(),
                "949" => "euc-kr".to_owned(),
                "950" => "big5".to_owned(),
                "866" => "ibm866".to_owned(),
                "65001" => "utf-8".to_owned(),
                number => format!("windows-{number}"),
            },
        );
        match plain.as_str() {
            "utf8" | "utf-8mb4" | "unicode-1-1-utf-8" => Some(UTF_8),
            "iso-2022-jp-1" | "iso-2022-jp-2" | "iso-2022-jp-ms" | "iso-2022-jp-3" => Some(encoding_rs::ISO_2022_JP),
            "iso-8859-8-i" | "iso8859-8-i" => Some(encoding_rs::ISO_8859_8),
            "gb2312-80" | "gb_2312" => Some(encoding_rs::GBK),
            "ks_c_5601" | "ksc5601" => Some(encoding_rs::EUC_KR),
            plain => known(plain).or_else(|| known(&plain.replace('_', "-"))),
        }
    })
}

fn detect(bytes: &[u8]) -> &'static Encoding {
    let sample = &bytes[..bytes.len().min(SAMPLE)];
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(sample, true);
    detector.guess(None, Utf8Detection::Allow)
}
