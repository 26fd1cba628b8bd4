//! Who is in the demo account. All of them are made up, and all their addresses end in `.example`.

use domain::item::ItemKind;

/// A client before there is a record of them.
pub(super) struct Sketch {
    pub(super) first: &'static str,
    pub(super) last: &'static str,
    /// The address; none for somebody of whom there is only an internal record.
    pub(super) email: &'static str,
    /// Which of [`COMPANIES`].
    pub(super) company: Option<usize>,
    /// Which of [`COACHES`].
    pub(super) coach: usize,
    pub(super) zone: &'static str,
    /// Which of the themes.
    pub(super) theme: usize,
    /// Since how many months they have been coached.
    pub(super) months: i64,
    pub(super) tags: &'static [&'static str],
}

/// A person of a company.
pub(super) struct Contact {
    pub(super) name: &'static str,
    pub(super) email: &'static str,
    pub(super) administrator: bool,
    pub(super) grants: &'static [&'static str],
}

pub(super) const ACCOUNT: &str = "Tideway Coaching";
pub(super) const ZONE: &str = "America/New_York";
pub(super) const ADMINISTRATOR: (&str, &str) = ("Rosalind Achterberg", "rosalind@tideway.example");
pub(super) const COACHES: [(&str, &str); 2] =
    [("Imani Castellanos", "imani@tideway.example"), ("Tobias Lindqvist", "tobias@tideway.example")];

/// Who was given two clients' records to look at, and whose: they sponsor the two.
pub(super) const GUEST: (&str, &str, [usize; 2]) = ("Bob Whitlock", "bob.whitlock@meridian.example", [0, 8]);

/// The account's own places, and who administers each.
pub(super) const LOCAL: [(&str, &str, &str); 2] =
    [("New York", "Beatriz Fonseca", "beatriz@tideway.example"), ("Gothenburg", "Henrik Aas", "henrik@tideway.example")];

/// Companies, their places, and their people.
pub(super) const COMPANIES: [(&str, &[&str], &[Contact]); 3] = [
    (
        "Meridian Instruments",
        &["Boston", "Aarhus"],
        &[
            Contact {
                name: "Priscilla Ng",
                email: "priscilla.ng@meridian.example",
                administrator: true,
                grants: &["action", "metric", "worksheet", "appointment", "course_step"],
            },
            Contact { name: "Oskar Brandt", email: "oskar.brandt@meridian.example", administrator: false, grants: &["metric"] },
        ],
    ),
    (
        "Halden & Roe LLP",
        &["New York", "London"],
        &[Contact {
            name: "Yewande Adeyemi",
            email: "yewande.adeyemi@haldenroe.example",
            administrator: true,
            grants: &["action", "appointment", "course_step", "agreement"],
        }],
    ),
    (
        "Kestrel Foods",
        &["Lyon"],
        &[Contact {
            name: "Marguerite Duchêne",
            email: "marguerite.duchene@kestrel.example",
            administrator: true,
            grants: &["metric", "action", "appointment", "invoice", "contract", "agreement"],
        }],
    ),
];

/// The client whose year is told in full.
pub(super) const FEATURED: usize = 0;
/// Others of whom there is more to tell.
pub(super) const CLOSE: [usize; 3] = [1, 8, 21];
/// The one who has finished and is archived.
pub(super) const ARCHIVED: usize = 39;
/// The two whose metrics go to their employer.
pub(super) const MEASURED: [usize; 2] = [0, 3];
/// Groups and who is in them.
pub(super) const GROUPS: [(&str, &[usize]); 2] =
    [("New managers, spring cohort", &[0, 2, 5, 6, 14, 18]), ("Founders’ circle", &[21, 22, 23, 24, 25, 26, 27])];

/// What a group shares: who of [`COACHES`] added it, how many days ago, and who said what on it, of [`CLIENTS`] or the coach.
pub(super) struct Shared {
    pub(super) coach: usize,
    pub(super) days_ago: i64,
    pub(super) kind: ItemKind,
    pub(super) title: &'static str,
    pub(super) body: &'static str,
    /// In how many days it is due, from when it was added.
    pub(super) due_in: Option<u64>,
    pub(super) said: &'static [(Option<usize>, &'static str)],
}

/// What each of [`GROUPS`] shares.
pub(super) const SHARED: [&[Shared]; 2] = [
    &[
        Shared {
            coach: 0,
            days_ago: 9,
            kind: ItemKind::Worksheet,
            title: "Who decides what on your team",
            body: "List ten decisions of the last month. Who made each, and who should have?",
            due_in: Some(14),
            said: &[
                (Some(2), "Mine came out eight of ten made by me. Is anybody else that far off?"),
                (None, "More of you than you would think. Bring the two you would give away first."),
                (Some(5), "Seven for me. I would give away the hiring of interns tomorrow."),
            ],
        },
        Shared {
            coach: 0,
            days_ago: 6,
            kind: ItemKind::SessionNote,
            title: "Third evening: saying no upwards",
            body: "We practised the three sentences in pairs. Next time: what happened when you used one.",
            due_in: None,
            said: &[],
        },
        Shared {
            coach: 0,
            days_ago: 2,
            kind: ItemKind::Action,
            title: "Read chapter three before we meet",
            body: "",
            due_in: Some(9),
            said: &[(Some(0), "Read it on the train. Page 61 is my last one-to-one, word for word.")],
        },
    ],
    &[Shared {
        coach: 1,
        days_ago: 4,
        kind: ItemKind::Message,
        title: "Round table on runway",
        body: "Bring one number you do not want to show. It stays in the room.",
        due_in: None,
        said: &[(Some(22), "I have three. May I choose?")],
    }],
];

const NY: &str = ZONE;
const MANAGER: usize = 0;
const EXECUTIVE: usize = 1;
const FOUNDER: usize = 2;
const CAREER: usize = 3;
const BALANCE: usize = 4;
const SALES: usize = 5;
const MERIDIAN: Option<usize> = Some(0);
const HALDEN: Option<usize> = Some(1);
const KESTREL: Option<usize> = Some(2);

#[allow(clippy::too_many_arguments, reason = "a row of a table")]
const fn row(
    first: &'static str,
    last: &'static str,
    email: &'static str,
    company: Option<usize>,
    coach: usize,
    zone: &'static str,
    theme: usize,
    months: i64,
    tags: &'static [&'static str],
) -> Sketch {
    Sketch { first, last, email, company, coach, zone, theme, months, tags }
}

#[rustfmt::skip]
pub(super) const CLIENTS: [Sketch; 40] = [
    row("Amara", "Okonkwo", "amara.okonkwo@meridian.example", MERIDIAN, 0, NY, MANAGER, 12, &["🌱 new manager", "VIP"]),
    row("Søren", "Kjærgaard", "soren.kjaergaard@meridian.example", MERIDIAN, 0, "Europe/Copenhagen", EXECUTIVE, 11, &["executive"]),
    row("Priya", "Raghunathan", "priya.raghunathan@meridian.example", MERIDIAN, 1, "Asia/Kolkata", MANAGER, 9, &["🌱 new manager"]),
    row("Mateo", "Villaseñor", "mateo.villasenor@meridian.example", MERIDIAN, 0, "America/Los_Angeles", SALES, 8, &["sales"]),
    row("Zsófia", "Horváth", "zsofia.horvath@meridian.example", MERIDIAN, 1, "Europe/Budapest", EXECUTIVE, 7, &["executive", "relocating"]),
    row("Thị Mai", "Trần", "mai.tran@meridian.example", MERIDIAN, 0, NY, MANAGER, 6, &["🌱 new manager"]),
    row("DeShawn", "Whitaker", "deshawn.whitaker@meridian.example", MERIDIAN, 1, "America/Chicago", MANAGER, 5, &["🌱 new manager"]),
    row("Eilidh", "MacPherson", "eilidh.macpherson@meridian.example", MERIDIAN, 0, "Europe/London", BALANCE, 10, &["returning parent 👶"]),
    row("Claire", "Beaumont", "claire.beaumont@haldenroe.example", HALDEN, 1, NY, EXECUTIVE, 12, &["executive", "partner track"]),
    row("Jorge Luis", "Peña", "jorge.pena@haldenroe.example", HALDEN, 0, NY, BALANCE, 9, &[]),
    row("נועה", "ברק", "noa.barak@haldenroe.example", HALDEN, 1, "Asia/Jerusalem", CAREER, 6, &["עברית"]),
    row("Bart", "Quigley", "bart.quigley@haldenroe.example", HALDEN, 0, NY, SALES, 4, &[]),
    row("Łukasz", "Wójcik", "lukasz.wojcik@haldenroe.example", HALDEN, 1, "Europe/Warsaw", EXECUTIVE, 8, &["partner track"]),
    row("Aoife", "Ní Bhriain", "aoife.nibhriain@haldenroe.example", HALDEN, 0, "Europe/Dublin", BALANCE, 3, &["returning parent 👶"]),
    row("Kwabena", "Asante-Mensah", "kwabena.asante@haldenroe.example", HALDEN, 1, NY, MANAGER, 5, &["🌱 new manager"]),
    row("Hana", "Yoshida", "hana.yoshida@kestrel.example", KESTREL, 0, "Asia/Tokyo", SALES, 7, &["sales"]),
    row("محمد", "الشريف", "mohamed.elsherif@kestrel.example", KESTREL, 1, "Africa/Cairo", SALES, 6, &["العربية", "sales"]),
    row("Ingrid", "Bjørnstad", "ingrid.bjornstad@kestrel.example", KESTREL, 0, "Europe/Oslo", EXECUTIVE, 10, &[]),
    row("Thandiwe", "Nkosi", "thandiwe.nkosi@kestrel.example", KESTREL, 1, "Africa/Johannesburg", MANAGER, 4, &["🌱 new manager"]),
    row("Giulia", "D’Angelo-Ricci", "giulia.dangelo@kestrel.example", KESTREL, 0, "Europe/Rome", BALANCE, 5, &[]),
    row("Rémi", "Lefèvre", "remi.lefevre@kestrel.example", KESTREL, 1, "Europe/Paris", SALES, 9, &["sales"]),
    row("Beatriz", "Azevedo", "beatriz@azevedo-labs.example", None, 1, NY, FOUNDER, 12, &["founder 🚀"]),
    row("Oluwaseun", "Adebayo", "seun@parcelbird.example", None, 1, "Africa/Lagos", FOUNDER, 8, &["founder 🚀"]),
    row("Jasper", "van der Berg", "jasper@polderworks.example", None, 1, "Europe/Amsterdam", FOUNDER, 6, &["founder 🚀"]),
    row("Mei-Ling", "Tsao", "meiling@tsao-ceramics.example", None, 1, "America/Los_Angeles", FOUNDER, 10, &["founder 🚀"]),
    row("Rowan", "Ashgrove", "rowan@ashgrove.example", None, 1, "America/Denver", FOUNDER, 3, &["founder 🚀", "they/them"]),
    row("Νίκος", "Papadimitriou", "nikos@aegeanfreight.example", None, 1, "Europe/Athens", FOUNDER, 7, &["founder 🚀"]),
    row("Siobhán", "O’Rourke", "siobhan@kilnhouse.example", None, 1, "Europe/Dublin", FOUNDER, 5, &["founder 🚀"]),
    row("Ximena", "Córdova", "ximena.cordova@post.example", None, 0, "America/Mexico_City", CAREER, 4, &["career change"]),
    row("Anders", "Öhman", "anders.ohman@post.example", None, 0, "Europe/Stockholm", CAREER, 5, &["career change"]),
    row("Fatoumata", "Diallo", "fatoumata.diallo@post.example", None, 0, NY, CAREER, 6, &["career change"]),
    row("Leilani", "Kealoha", "leilani.kealoha@post.example", None, 0, "Pacific/Honolulu", BALANCE, 8, &[]),
    row("Grace", "Adler-Stein", "grace.adlerstein@post.example", None, 0, NY, BALANCE, 11, &["referral"]),
    row("Vikram", "Chaudhry", "vikram.chaudhry@post.example", None, 0, "America/Toronto", CAREER, 3, &["career change", "referral"]),
    row("Żaneta", "Kowalska", "zaneta.kowalska@post.example", None, 0, "Europe/Warsaw", CAREER, 2, &["career change"]),
    row("Tomás", "Ó Súilleabháin", "tomas.osuilleabhain@post.example", None, 0, NY, EXECUTIVE, 9, &["referral"]),
    row("Winnie", "Cheung", "winnie.cheung@bounce.example", None, 0, "Asia/Hong_Kong", CAREER, 6, &["check address"]),
    row("Björn", "Þórsson", "bjorn.thorsson@post.example", None, 1, "Atlantic/Reykjavik", SALES, 4, &["referral"]),
    row("Lucía", "Ferrándiz", "", None, 0, "Europe/Madrid", CAREER, 1, &["phone only"]),
    row("Henrik", "Saarinen", "henrik.saarinen@post.example", None, 1, "Europe/Helsinki", BALANCE, 12, &["completed"]),
];
