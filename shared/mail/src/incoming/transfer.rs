//! Transfer encodings, read as far as they can be.

/// Base64 to bytes; everything that is not of its alphabet is passed over, and a group cut short gives what it holds.
pub(super) fn base64(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() / 4 * 3 + 3);
    let mut group = 0u32;
    let mut count = 0;
    for byte in bytes {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' => {
                // the end of a piece; several pieces may have been put one after another
                flush(&mut out, group, count);
                (group, count) = (0, 0);
                continue;
            }
            _ => continue,
        };
        group = group << 6 | u32::from(value);
        count += 1;
        if count == 4 {
            let [_, a, b, c] = group.to_be_bytes();
            out.extend_from_slice(&[a, b, c]);
            (group, count) = (0, 0);
        }
    }
    flush(&mut out, group, count);
    out
}

fn flush(out: &mut Vec<u8>, group: u32, count: u32) {
    match count {
        2 => out.push((group >> 4) as u8),
        3 => out.extend_from_slice(&[(group >> 10) as u8, (group >> 2) as u8]),
        _ => {}
    }
}

/// Quoted-printable to bytes; an `=` that begins no code stands for itself.
pub(super) fn quoted_printable(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        if byte != b'=' {
            if byte == b'\n' || byte == b'\r' && bytes.get(at + 1) == Some(&b'\n') {
                // white space at the end of a line was put there on the way
                while matches!(out.last(), Some(b' ' | b'\t')) {
                    out.pop();
                }
            }
            out.push(byte);
            at += 1;
            continue;
        }
        let hex = |at: usize| bytes.get(at).and_then(|byte| (*byte as char).to_digit(16));
        if let (Some(high), Some(low)) = (hex(at + 1), hex(at + 2)) {
            out.push((high << 4 | low) as u8);
            at += 3;
            continue;
        }
        let mut end = at + 1;
        while matches!(bytes.get(end), Some(b' ' | b'\t' | b'\r')) {
            end += 1;
        }
        match bytes.get(end) {
            Some(b'\n') => at = end + 1,
            None => at = end,
            Some(_) => {
                out.push(b'=');
                at += 1;
            }
        }
    }
    out
}

/// Joins the lines of `format=flowed` text; quoted and other lines are never joined with each other.
pub(super) fn unflow(text: &str, delete_space: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut open: Option<usize> = None;
    for line in text.split('\n') {
        let line = line.strip_suffix('\r').unwrap_or(line);
        let depth = line.bytes().take_while(|byte| *byte == b'>').count();
        let content = &line[depth..];
        let content = content.strip_prefix(' ').unwrap_or(content);
        let signature = content == "-- ";
        let continues = open == Some(depth) && !signature;
        if continues {
            if delete_space {
                out.pop();
            }
            out.push_str(content);
        } else {
            if !out.is_empty() || open.is_some() {
                out.push('\n');
            }
            if depth > 0 {
                out.push_str(&line[..depth]);
                if !content.is_empty() {
                    out.push(' ');
                }
            }
            out.push_str(content);
        }
        open = (content.ends_with(' ') && !signature && !content.trim_end().is_empty()).then_some(depth);
        if open.is_none() && out.is_empty() {
            out.push('\n');
        }
    }
    out
}
