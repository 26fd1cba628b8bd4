//! What is said when the stack is ready: where everything is, who is there, and what to try first.

use std::io::IsTerminal;
use std::path::Path;
use std::time::Duration;

use crate::demo::Demo;

/// What there is to say.
pub struct Words<'a> {
    /// Where it serves.
    pub url: &'a str,
    /// Where the AWS endpoints are.
    pub aws: &'a str,
    /// Where mail programs can send to.
    pub smtp: &'a str,
    /// Where it keeps everything; in memory without.
    pub data: Option<&'a Path>,
    /// The demo account, if there is one.
    pub demo: Option<&'a Demo>,
    /// How long it took to be ready.
    pub took: Duration,
}

/// Whether standard error is to be written without colours.
pub fn plain() -> bool {
    !std::io::stderr().is_terminal() || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

impl Words<'_> {
    /// All of it, in plain text or with a terminal's colours.
    pub fn written(&self, plain: bool) -> String {
        let paint = |code: &str, text: &str| if plain { text.to_owned() } else { format!("\x1b[{code}m{text}\x1b[0m") };
        let (bold, dim) = (|text: &str| paint("1", text), |text: &str| paint("2", text));
        // rows of three, each column as wide as its widest, the first bold and one of the others dim
        let table = |rows: &[[String; 3]], quiet: usize| {
            let wide = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
            let cell = |row: &[String; 3], column: usize| {
                let padding = if column < 2 { wide(column) - row[column].chars().count() + 3 } else { 0 };
                let text = match column {
                    0 => bold(&row[column]),
                    _ if column == quiet => dim(&row[column]),
                    _ => row[column].clone(),
                };
                format!("{text}{}", " ".repeat(padding))
            };
            rows.iter().map(|row| format!("  {}{}{}\n", cell(row, 0), cell(row, 1), cell(row, 2))).collect::<String>()
        };
        let Words { url, aws, smtp, .. } = self;
        let took = format!("on this machine, ready in {:.1} s", self.took.as_secs_f64());
        let mut out = format!("\n  {} {}\n\n", paint("1;35", "Cairn"), dim(&took));

        let data = self.data.map_or_else(|| "in memory".to_owned(), |data| data.display().to_string());
        let kept = if self.data.is_some() { "goes on where it stopped; --fresh begins anew" } else { "gone when this stops" };
        let rows = [
            ["Mailbox", &format!("{url}/local/mailbox"), "every mail lands here, and the clock is here too"],
            ["Pages", &format!("{url}/sign-in"), "sign in with an address; the link comes to the mailbox"],
            ["API", &format!("{url}/v1"), &format!("described at {url}/openapi.json")],
            ["AWS", aws, "DynamoDB, S3, SES and Scheduler, for function binaries"],
            ["SMTP", smtp, "a mail program can answer mail by it; no password"],
            ["Data", &data, kept],
        ];
        out.push_str(&table(&rows.map(|row| row.map(str::to_owned)), 2));

        if let Some(demo) = self.demo {
            let holds = format!("{} clients, a year of work, {} reports. Keys of some of its people:", demo.clients, demo.reports);
            out.push_str(&format!("\n  {}: {holds}\n\n", bold(&demo.account)));
            let row = |person: &crate::demo::Person| [person.name.clone(), person.role.clone(), person.api_key.clone()];
            out.push_str(&table(&demo.people.iter().map(row).collect::<Vec<_>>(), 1));
        }

        let mut say = |title: &str, command: &str| out.push_str(&format!("\n  {}\n  {command}\n", bold(title)));
        match self.demo.and_then(|demo| demo.people.first()) {
            Some(person) => say("Look around", &format!("curl -H 'Authorization: Bearer {}' {url}/v1/reports", person.api_key)),
            None => say(
                "Open an account",
                &format!(
                    "curl {url}/local/accounts -H 'content-type: application/json' -d \
                     '{{\"name\": \"Fernhill\", \"email\": \"you@fernhill.example\", \"time_zone\": \"Europe/Berlin\", \"person\": \"Your Name\"}}'"
                ),
            ),
        }
        say(
            "Let a week pass; what falls due in it is sent",
            &format!("curl {url}/local/clock -H 'content-type: application/json' -d '{{\"advance_seconds\": 604800}}'"),
        );
        say("Run the real function binaries against it", &format!("eval \"$(curl -s {url}/local/environment)\" && cargo lambda watch"));

        let unreal = "Not real here: mail (none leaves), AWS (stand-ins, strict where it is), time (it can be moved). Ctrl-C stops it.";
        out.push_str(&format!("\n  {}\n\n", dim(unreal)));
        out
    }
}
