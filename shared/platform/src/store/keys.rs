//! Every key of the table, and nothing else formats one.
//!
//! `A` stands for `A#<account>`. Sort keys are in the order that lists come in.
//!
//! | row | pk | sk | gsi1 (lists) | gsi2 (wheels, keys only) | gsi3 (open items, second lists) |
//! |---|---|---|---|---|---|
//! | account | `A` | `ACCOUNT` | | | |
//! | member | `A` | `MEMBER#<id>` | | | |
//! | company | `A` | `COMPANY#<id>` | | | |
//! | location | `A` | `LOCATION#<company>#<id>` | | | |
//! | personnel | `A` | `PERSONNEL#<id>` | | | |
//! | group | `A` | `GROUP#<id>` | | | |
//! | client in a group | `A#G#<group>` | `CLIENT#<client>` | `A#C#<client>#GROUPS` / `<group>` | | |
//! | client | `A#C#<client>` | `CLIENT` | `A#CLIENTS` / `<client>` | | `A#CO#<company>#CLIENTS` / `<client>` |
//! | pairing | `A#C#<client>` | `PAIRING#<member>` | `A#M#<member>#PAIRINGS` / `<client>` | | |
//! | pairing that ended | `A#C#<client>` | `PAIRED#<time>#<member>` | | | |
//! | item | `A#I#<item>` | `ITEM` | `A#C#<client>#ITEMS`, of a group `A#G#<group>#ITEMS` / `<kind>#<item>` | clients' scheduled appointments: `A#APPOINTMENTS` / `<begins>#<client>#<item>`; until something falls due: `CALENDAR#<shard>` / `<time>#<account>#<item>` | while open: `A#C#<client>#OPEN`, of a group `A#G#<group>#OPEN` / `<kind>#<item>` |
//! | day an item was late for | `A#I#<item>` | `LATE#<due on>` | | | |
//! | comment | `A#I#<item>` | `COMMENT#<id>` | | | |
//! | mail that a comment came in | `A#I#<item>` | `ORIGINAL#<comment>` | | | |
//! | file of an item | `A#I#<item>` | `FILE#<id>` | | | |
//! | happening | `A#C#<client>#H`, of a group `A#G#<group>#H` | `<time>#<id>` | | | |
//! | export | `A#X#<export>` | `EXPORT` | `A#C#<client>#EXPORTS`, of the account `A#EXPORTS` / `<export>` | until final: `EXPORTING#<shard>` / `<time>#<account>#<export>` | |
//! | report | `A` | `REPORT#<id>` | | | |
//! | report's progress | `A#R#<report>` | `PROGRESS` | | by next run: `NEXT#<shard>` / `<time>#<account>#<report>`; following appointments: `FOLLOW#<shard>` / `<account>#<report>` | |
//! | … with one client | `A#R#<report>` | `PROGRESS#<client>` | | | |
//! | unsubscribed | `A#R#<report>` | `UNSUBSCRIBED#<address>` | | | |
//! | mails of a day | `A#R#<report>` | `COUNT#<day>#<address>` | | | |
//! | run | `A#RUN#<run>` | `RUN` | `A#R#<report>#RUNS` / `<run>` | while planned: `PLANNING#<shard>` / `<time>#<account>#<run>` | |
//! | what a run says | `A#RUN#<run>` | `CONTENT#<digest>` | | | |
//! | delivery | `A#D#<delivery>` | `DELIVERY` | of a run: `A#RUN#<run>#DELIVERIES` / `<delivery>` | until final: `WAKE#<shard>` / `<time>#<account>#<delivery>` | |
//! | mail that can be answered | `REPLY#<delivery>` | `REPLY` | | | |
//! | answer to a mail | `A#D#<delivery>` | `ANSWER#<place>#<digest>` | | | |
//! | a person's answers in a day; in an hour on an item | `A#P#<person>#ANSWERS` | `<day>`; `<hour>#<item>` | | | |
//! | mails of a person's that were held on a day | `A#P#<person>#HELD` | `<day>` | | | |
//! | mail that was refused | `A#REFUSED#<day>` | `<message>` | | | |
//! | mail held until it is confirmed | `A#HELD#<message>` | `HELD` | | | |
//! | program | `A` | `PROGRAM#<id>` | | | |
//! | engagement | `A#E#<engagement>` | `ENGAGEMENT` | `A#ENGAGEMENTS` / `<engagement>` | | `A#C#<client>#ENGAGEMENTS` / `<engagement>` |
//! | session of an engagement | `A#E#<engagement>` | `SESSION#<id>` | | | |
//! | … by its id alone | `A#S#<id>` | `SESSION` | | | |
//! | how an engagement is filed | `A#E#<engagement>` | `TRACKING` | while tracked: `A#TRACKED` / `<due on>#<engagement>` | | until it crosses: `DUE#<shard>` / `<time>#<account>#<engagement>` |
//! | engagement's happening | `A#E#<engagement>#LOG` | `<time>#<id>` | | | |
//! | account's digests | `A` | `DIGESTS` | | | while one is due: `DUE#<shard>` / `<time>#<account>` |
//! | crossing | `A#CROSSED#<epoch>` | `<coach>#<since>#<engagement>` | | | |
//! | who is owed a digest | `A#DIGEST#<epoch>` | `<kind>#<person>` | | | |
//! | suppressed address | `A` | `SUPPRESSED#<address>` | | | |
//! | address in use | `EMAIL#<address>` | `A#<what kind of person>` | | | |
//! | link to sign in with | `LINK#<digest>` | `LINK` | | | |
//! | browser that is signed in | `A#P#<person>#SIGNED-IN` | `<digest>` | | | |
//! | asked to sign in, without being known | `ASKED#<nonce>` | `ASKED` | | | |
//! | links asked for in an hour: for an address, from a place | `ASKED-FOR#<address>`; `ASKED-FROM#<place>` | `<hour>` | | | |
//! | links asked for in an hour for an address from a place | `ASKED-FOR#<address>` | `<hour>#<place>` | | | |
//! | invited to a portal in the last day | `A#INVITED#<address>` | `INVITED` | | | |
//! | account opened for the address of the settings | `FIRST#<address>` | `FIRST` | | | |
//! | API key | `KEY#<digest>` | `KEY` | `A#P#<person>#KEYS` / `<id>` | | |
//! | answered request | `A#REQUEST#<digest>` | `REQUEST` | | | |
//! | import | `A#IMPORT#<id>` | `IMPORT` | | until it is over: `IMPORTING#<shard>` / `<time>#<account>#<import>` | |
//! | … its bad rows | `A#IMPORT#<id>` | `BAD#<first>` | | | |
//! | what an imported row became | `A#IMPORTED#<kind>#<key>` | `IMPORTED` | | | |
//! | audit entry | `A#AUDIT#<day>` | `<id>` | | | |
//! | what a person was refused in an hour | `A#P#<person>#REFUSED` | `<hour>` | | | |
//! | signing keys | `SYSTEM` | `SIGNING-KEYS` | | | |
//!
//! | access pattern | how |
//! |---|---|
//! | account; its members, companies, locations, personnel, groups, reports, suppressed addresses | one query of `A`, by prefix |
//! | client, item, run, delivery, report, group by id | one get |
//! | a client with all pairings | one query of `A#C#<client>` |
//! | clients of the account, of a company, of a group, of a member | one query: gsi1, gsi3, `A#G#<group>`, gsi1 |
//! | a client's or group's items by kind; all that stand open | one query of gsi1; of gsi3 |
//! | an item's comments, its files | one query of `A#I#<item>`, by prefix |
//! | whose account a mail that is answered is of; whether an answer is a comment already | one get each |
//! | mail that was refused on a day | one query |
//! | a client's or group's happenings in a window | one query of `A#C#<client>#H`, `A#G#<group>#H` between two times |
//! | exports of a client, newest first; exports to look after by now | one query of gsi1; one range query per shard of gsi2 |
//! | everything of an account, to be taken along | one query for each of its partitions, see [`Part`] |
//! | appointments of the account between two times | one query of gsi2 |
//! | items to look at by now, whatever the outage | one range query per shard of gsi2 |
//! | reports whose next run is overdue, whatever the outage | one range query per shard of gsi2 |
//! | a report's runs, newest first; a run with its contents; a run's deliveries | one query each |
//! | deliveries to look after by now; runs whose planning was cut off | one range query per shard of gsi2 |
//! | an engagement with its sessions and how it is filed; its log | one query each |
//! | engagements of the account, of a client | one query: gsi1, gsi3 |
//! | engagements that are off track on a day, or since a range of days | one query of gsi1 `A#TRACKED` |
//! | engagements that crossed, and digests that are due, whatever the outage | one range query per shard of gsi3 |
//! | what crossed in an epoch, or of it with one coach; who is owed a digest | one query each |
//! | person by address; who holds a key | one query; one get |
//! | import; its bad rows; what a row of a file became | one get; one query; one get |
//! | imports to look after by now | one range query per shard of gsi2 |
//! | whom a link signs in; who is signed in; where somebody is signed in | one get; one get; one query |
//! | audit of a day | one query |
//! | pairings of a client that ended, newest first | one query of `A#C#<client>`, by prefix |

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use domain::id::{
    AccountId, ClientId, CommentId, CompanyId, DeliveryId, EngagementId, ExportId, FileId, GroupId, HappeningId, ImportId, ItemId,
    LocationId, MemberId, PersonnelId, ProgramId, ReportId, RunId, SessionId,
};
use domain::item::ItemKind;
use domain::person::{Email, PersonId};
use domain::record::RecordOf;
use sha2::{Digest, Sha256};

use super::imports::{Import, ImportKind};

/// How many parts each time wheel has.
pub const SHARDS: u8 = 4;

/// How many parts the due index has; an account is in one of them.
pub const DUE_SHARDS: u8 = 64;

/// The names of the indexes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Index {
    /// Lists.
    One,
    /// Wheels; holds keys only.
    Two,
    /// Open items, second lists, and the due index.
    Three,
}

impl Index {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::One, Self::Two, Self::Three];

    /// The index's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::One => "gsi1",
            Self::Two => "gsi2",
            Self::Three => "gsi3",
        }
    }

    /// Its partition key attribute.
    pub fn pk(self) -> &'static str {
        match self {
            Self::One => "gsi1pk",
            Self::Two => "gsi2pk",
            Self::Three => "gsi3pk",
        }
    }

    /// Its sort key attribute.
    pub fn sk(self) -> &'static str {
        match self {
            Self::One => "gsi1sk",
            Self::Two => "gsi2sk",
            Self::Three => "gsi3sk",
        }
    }
}

/// Where a row is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// Partition.
    pub pk: String,
    /// Place in it.
    pub sk: String,
}

/// Where a row is, and where the indexes show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// In the table.
    pub key: Key,
    /// In the indexes: partition and sort key.
    pub indexes: Vec<(Index, String, String)>,
}

impl From<Key> for Place {
    fn from(key: Key) -> Self {
        Self { key, indexes: Vec::new() }
    }
}

impl Key {
    fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self { pk: pk.into(), sk: sk.into() }
    }

    fn also(self, index: Index, pk: impl Into<String>, sk: impl Into<String>) -> Place {
        Place::from(self).also(index, pk, sk)
    }
}

impl Place {
    fn also(mut self, index: Index, pk: impl Into<String>, sk: impl Into<String>) -> Self {
        self.indexes.push((index, pk.into(), sk.into()));
        self
    }
}

/// The account that everything asked for belongs to. Only two things make one: a credential that was checked, and a
/// message of our own; so no handler can reach into another account by an id it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope(AccountId);

impl Scope {
    /// The scope of a credential that the store has just looked up and found valid.
    pub(super) fn authenticated(account: AccountId) -> Self {
        Self(account)
    }

    /// The scope of a message that only this system can have written: a queue's, a schedule's, a signed token's.
    pub fn of_own_message(account: AccountId) -> Self {
        Self(account)
    }

    /// The account.
    pub fn account(self) -> AccountId {
        self.0
    }

    fn a(self) -> String {
        format!("A#{}", self.0)
    }
}

/// A time as it stands in sort keys: fixed width, so that text order is time order.
pub fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// An address as it stands in keys: a digest, the same for every way to write it.
pub fn address(email: &Email) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(email.key())[..16])
}

fn shard(of: &impl ToString) -> u8 {
    Sha256::digest(of.to_string())[0] % SHARDS
}

pub(super) const COMMENTS: &str = "COMMENT#";
pub(super) const FILES: &str = "FILE#";

pub(super) fn comment(scope: Scope, item: ItemId, id: CommentId) -> Key {
    Key::new(item_key(scope, item).pk, format!("{COMMENTS}{id}"))
}

pub(super) fn original(scope: Scope, item: ItemId, comment: CommentId) -> Key {
    Key::new(item_key(scope, item).pk, format!("ORIGINAL#{comment}"))
}

pub(super) fn file(scope: Scope, item: ItemId, id: FileId) -> Key {
    Key::new(item_key(scope, item).pk, format!("{FILES}{id}"))
}

pub(super) fn answerable(delivery: &DeliveryId) -> Key {
    Key::new(format!("REPLY#{delivery}"), "REPLY")
}

pub(super) fn answer(scope: Scope, delivery: &DeliveryId, place: u16, digest: &str) -> Key {
    Key::new(delivery_key(scope, delivery).pk, format!("ANSWER#{place}#{digest}"))
}

pub(super) fn answers_in_hour(scope: Scope, person: PersonId, item: ItemId, at: DateTime<Utc>) -> Key {
    Key::new(format!("{}#P#{}#ANSWERS", scope.a(), person_id(person)), format!("{}#{item}", at.format("%Y-%m-%dT%H")))
}

pub(super) fn held_in_day(scope: Scope, person: PersonId, day: NaiveDate) -> Key {
    Key::new(format!("{}#P#{}#HELD", scope.a(), person_id(person)), day.to_string())
}

pub(super) fn answers_in_day(scope: Scope, person: PersonId, day: NaiveDate) -> Key {
    Key::new(format!("{}#P#{}#ANSWERS", scope.a(), person_id(person)), day.to_string())
}

pub(super) fn refused(scope: Scope, day: NaiveDate) -> String {
    format!("{}#REFUSED#{day}", scope.a())
}

pub(super) fn held(scope: Scope, message: &str) -> Key {
    Key::new(format!("{}#HELD#{message}", scope.a()), "HELD")
}

pub(super) const BAD_ROWS: &str = "BAD#";

pub(super) fn import_key(scope: Scope, id: ImportId) -> Key {
    Key::new(format!("{}#IMPORT#{id}", scope.a()), "IMPORT")
}

/// Reads the account and import from where [`import_key`] put it.
pub fn read_import(pk: &str) -> Option<(Scope, ImportId)> {
    let (account, import) = pk.strip_prefix("A#")?.split_once("#IMPORT#")?;
    Some((Scope(account.parse().ok()?), import.parse().ok()?))
}

pub(super) fn import(scope: Scope, import: &Import) -> Place {
    let place = import_key(scope, import.id);
    match import.wake_at {
        Some(at) => place.also(Index::Two, importing_wheel(shard(&import.id)), format!("{}#{}#{}", time(at), scope.0, import.id)),
        None => place.into(),
    }
}

pub(super) fn importing_wheel(shard: u8) -> String {
    format!("IMPORTING#{shard}")
}

pub(super) fn read_importing(sk: &str) -> Option<(Scope, ImportId)> {
    let mut parts = sk.split('#').skip(1);
    Some((Scope(parts.next()?.parse().ok()?), parts.next()?.parse().ok()?))
}

pub(super) fn bad_rows(scope: Scope, import: ImportId, first: u64) -> Key {
    Key::new(import_key(scope, import).pk, format!("{BAD_ROWS}{first:08}"))
}

pub(super) fn imported(scope: Scope, kind: ImportKind, key: &str) -> Key {
    Key::new(format!("{}#IMPORTED#{}#{key}", scope.a(), kind.name()), "IMPORTED")
}

/// The partition of an account's lists, and the prefixes in it.
pub(super) fn account_partition(scope: Scope) -> String {
    scope.a()
}

pub(super) const MEMBERS: &str = "MEMBER#";
pub(super) const COMPANIES: &str = "COMPANY#";
pub(super) const PERSONNEL: &str = "PERSONNEL#";
pub(super) const LOCATIONS: &str = "LOCATION#";
pub(super) const GROUPS: &str = "GROUP#";
pub(super) const REPORTS: &str = "REPORT#";
pub(super) const SUPPRESSED: &str = "SUPPRESSED#";
pub(super) const PAIRINGS: &str = "PAIRING#";
pub(super) const PAIRED: &str = "PAIRED#";
pub(super) const PROGRESS: &str = "PROGRESS";
pub(super) const GROUP_CLIENTS: &str = "CLIENT#";

pub(super) fn account(scope: Scope) -> Key {
    Key::new(scope.a(), "ACCOUNT")
}

pub(super) fn member(scope: Scope, id: MemberId) -> Key {
    Key::new(scope.a(), format!("{MEMBERS}{id}"))
}

pub(super) fn company(scope: Scope, id: CompanyId) -> Key {
    Key::new(scope.a(), format!("{COMPANIES}{id}"))
}

pub(super) fn locations(company: CompanyId) -> String {
    format!("{LOCATIONS}{company}#")
}

pub(super) fn location(scope: Scope, company: CompanyId, id: LocationId) -> Key {
    Key::new(scope.a(), format!("{}{id}", locations(company)))
}

pub(super) fn personnel(scope: Scope, id: PersonnelId) -> Key {
    Key::new(scope.a(), format!("{PERSONNEL}{id}"))
}

pub(super) fn group(scope: Scope, id: GroupId) -> Key {
    Key::new(scope.a(), format!("{GROUPS}{id}"))
}

pub(super) fn group_partition(scope: Scope, id: GroupId) -> String {
    format!("{}#G#{id}", scope.a())
}

pub(super) fn group_client(scope: Scope, id: GroupId, client: ClientId) -> Place {
    Key::new(group_partition(scope, id), format!("{GROUP_CLIENTS}{client}")).also(Index::One, client_groups(scope, client), id.to_string())
}

pub(super) fn client_groups(scope: Scope, client: ClientId) -> String {
    format!("{}#C#{client}#GROUPS", scope.a())
}

pub(super) fn client_partition(scope: Scope, id: ClientId) -> String {
    format!("{}#C#{id}", scope.a())
}

pub(super) fn client_key(scope: Scope, id: ClientId) -> Key {
    Key::new(client_partition(scope, id), "CLIENT")
}

pub(super) fn client(scope: Scope, id: ClientId, company: Option<CompanyId>) -> Place {
    let place = client_key(scope, id).also(Index::One, clients(scope), id.to_string());
    match company {
        Some(company) => place.also(Index::Three, company_clients(scope, company), id.to_string()),
        None => place,
    }
}

pub(super) fn clients(scope: Scope) -> String {
    format!("{}#CLIENTS", scope.a())
}

pub(super) fn company_clients(scope: Scope, company: CompanyId) -> String {
    format!("{}#CO#{company}#CLIENTS", scope.a())
}

pub(super) fn pairing(scope: Scope, client: ClientId, member: MemberId) -> Place {
    Key::new(client_partition(scope, client), format!("{PAIRINGS}{member}")).also(
        Index::One,
        member_pairings(scope, member),
        client.to_string(),
    )
}

pub(super) fn pairing_ended(scope: Scope, client: ClientId, member: MemberId, at: DateTime<Utc>) -> Key {
    Key::new(client_partition(scope, client), format!("{PAIRED}{}#{member}", time(at)))
}

/// When a pairing ended, as its key says.
pub(super) fn read_pairing_ended(sk: &str) -> Option<DateTime<Utc>> {
    sk.strip_prefix(PAIRED)?.split_once('#')?.0.parse().ok()
}

pub(super) fn member_pairings(scope: Scope, member: MemberId) -> String {
    format!("{}#M#{member}#PAIRINGS", scope.a())
}

pub(super) fn item_key(scope: Scope, id: ItemId) -> Key {
    Key::new(format!("{}#I#{id}", scope.a()), "ITEM")
}

pub(super) fn item(scope: Scope, item: &domain::item::Item) -> Place {
    let by_kind = format!("{}#{}", item.kind.name(), item.id);
    let mut place = item_key(scope, item.id).also(Index::One, items_of(scope, item.record), by_kind.clone());
    if item.is_open() {
        place = place.also(Index::Three, open_items(scope, item.record), by_kind);
    }
    match (item.starts_at, item.state, item.record) {
        // no report goes before what a group meets for
        (Some(begins), domain::item::State::Scheduled, RecordOf::Client(client)) => {
            place.also(Index::Two, appointments(scope), format!("{}#{client}#{}", time(begins), item.id))
        }
        _ => match item.wake_at {
            Some(at) => place.also(Index::Two, calendar(shard(&item.id)), format!("{}#{}#{}", time(at), scope.0, item.id)),
            None => place,
        },
    }
}

/// A part of the wheel of items that something falls due of.
pub fn calendar(shard: u8) -> String {
    format!("CALENDAR#{shard}")
}

pub(super) fn read_calendar(sk: &str) -> Option<(Scope, ItemId)> {
    let mut parts = sk.split('#').skip(1);
    Some((Scope(parts.next()?.parse().ok()?), parts.next()?.parse().ok()?))
}

pub(super) fn late(scope: Scope, item: ItemId, due_on: NaiveDate) -> Key {
    Key::new(item_key(scope, item).pk, format!("LATE#{due_on}"))
}

/// The partition that a record's own ones begin with.
fn record_partition(scope: Scope, record: RecordOf) -> String {
    match record {
        RecordOf::Client(id) => client_partition(scope, id),
        RecordOf::Group(id) => group_partition(scope, id),
    }
}

pub(super) fn items_of(scope: Scope, record: RecordOf) -> String {
    format!("{}#ITEMS", record_partition(scope, record))
}

pub(super) fn items_of_kind(kind: ItemKind) -> String {
    format!("{}#", kind.name())
}

pub(super) fn open_items(scope: Scope, record: RecordOf) -> String {
    format!("{}#OPEN", record_partition(scope, record))
}

pub(super) fn appointments(scope: Scope) -> String {
    format!("{}#APPOINTMENTS", scope.a())
}

/// Reads what [`item`] put into the sort key of an appointment.
pub(super) fn read_appointment(sk: &str) -> Option<(DateTime<Utc>, ClientId, ItemId)> {
    let mut parts = sk.split('#');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

pub(super) fn happenings(scope: Scope, record: RecordOf) -> String {
    format!("{}#H", record_partition(scope, record))
}

pub(super) fn happening(scope: Scope, record: RecordOf, at: DateTime<Utc>, id: HappeningId) -> Key {
    Key::new(happenings(scope, record), format!("{}#{id}", time(at)))
}

pub(super) fn export_key(scope: Scope, id: ExportId) -> Key {
    Key::new(format!("{}#X#{id}", scope.a()), "EXPORT")
}

/// Reads the account and export from where [`export_key`] put it.
pub fn read_export(pk: &str) -> Option<(Scope, ExportId)> {
    let (account, export) = pk.strip_prefix("A#")?.split_once("#X#")?;
    Some((Scope(account.parse().ok()?), export.parse().ok()?))
}

pub(super) fn export(scope: Scope, export: &domain::export::Export) -> Place {
    let place = export_key(scope, export.id).also(Index::One, exports(scope, export.client_id), export.id.to_string());
    match export.wake_at {
        Some(at) => place.also(Index::Two, exporting_wheel(shard(&export.id)), format!("{}#{}#{}", time(at), scope.0, export.id)),
        None => place,
    }
}

/// The exports of a client; of the account without.
pub(super) fn exports(scope: Scope, client: Option<ClientId>) -> String {
    match client {
        Some(client) => format!("{}#EXPORTS", client_partition(scope, client)),
        None => format!("{}#EXPORTS", scope.a()),
    }
}

pub(super) fn exporting_wheel(shard: u8) -> String {
    format!("EXPORTING#{shard}")
}

pub(super) fn read_exporting(sk: &str) -> Option<(Scope, ExportId)> {
    let mut parts = sk.split('#').skip(1);
    Some((Scope(parts.next()?.parse().ok()?), parts.next()?.parse().ok()?))
}

/// A part of what an account has: one partition, of the table or of gsi1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The account, its people, companies, groups, programs, reports, suppressed addresses.
    Account,
    /// Which clients are in a group.
    Group(GroupId),
    /// A client, who is and was paired with them.
    Client(ClientId),
    /// An item, its comments and files.
    Item(ItemId),
    /// What happened with a client, or in a group.
    Log(RecordOf),
    /// An engagement and its sessions.
    Engagement(EngagementId),
    /// What happened to an engagement.
    EngagementLog(EngagementId),
    /// The runs of a report.
    Runs(ReportId),
    /// The exports of a client; of the account without.
    Exports(Option<ClientId>),
    /// The audit trail of a day.
    Audit(NaiveDate),
}

impl Part {
    /// Which partition, of the table or of an index.
    pub(super) fn place(self, scope: Scope) -> (Option<Index>, String) {
        match self {
            Self::Account => (None, scope.a()),
            Self::Group(id) => (None, group_partition(scope, id)),
            Self::Client(id) => (None, client_partition(scope, id)),
            Self::Item(id) => (None, item_key(scope, id).pk),
            Self::Log(record) => (None, happenings(scope, record)),
            Self::Engagement(id) => (None, engagement_partition(scope, id)),
            Self::EngagementLog(id) => (None, engagement_log(scope, id)),
            Self::Runs(report) => (Some(Index::One), runs(scope, report)),
            Self::Exports(client) => (Some(Index::One), exports(scope, client)),
            Self::Audit(day) => (None, audit_day(scope, day)),
        }
    }
}

pub(super) fn report(scope: Scope, id: ReportId) -> Key {
    Key::new(scope.a(), format!("{REPORTS}{id}"))
}

pub(super) fn report_partition(scope: Scope, id: ReportId) -> String {
    format!("{}#R#{id}", scope.a())
}

/// What the wheel shows of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wheel {
    /// It runs next at this instant.
    Next(DateTime<Utc>),
    /// It follows appointments.
    Follow,
    /// It does not run.
    Off,
}

pub(super) fn progress_key(scope: Scope, id: ReportId, client: Option<ClientId>) -> Key {
    let sk = client.map_or_else(|| PROGRESS.to_owned(), |client| format!("{PROGRESS}#{client}"));
    Key::new(report_partition(scope, id), sk)
}

/// Partition and sort key of a report in the wheel.
pub(super) fn report_wheel(scope: Scope, id: ReportId, wheel: Wheel) -> Option<(String, String)> {
    let shard = shard(&id);
    match wheel {
        Wheel::Next(at) => Some((next_wheel(shard), format!("{}#{}#{id}", time(at), scope.0))),
        Wheel::Follow => Some((follow_wheel(shard), format!("{}#{id}", scope.0))),
        Wheel::Off => None,
    }
}

pub(super) fn next_wheel(shard: u8) -> String {
    format!("NEXT#{shard}")
}

pub(super) fn follow_wheel(shard: u8) -> String {
    format!("FOLLOW#{shard}")
}

pub(super) fn read_next(sk: &str) -> Option<(DateTime<Utc>, Scope, ReportId)> {
    let mut parts = sk.split('#');
    Some((parts.next()?.parse().ok()?, Scope(parts.next()?.parse().ok()?), parts.next()?.parse().ok()?))
}

pub(super) fn read_follow(sk: &str) -> Option<(Scope, ReportId)> {
    let (account, report) = sk.split_once('#')?;
    Some((Scope(account.parse().ok()?), report.parse().ok()?))
}

pub(super) fn unsubscribed(scope: Scope, report: ReportId, address: &str) -> Key {
    Key::new(report_partition(scope, report), format!("UNSUBSCRIBED#{address}"))
}

pub(super) fn count(scope: Scope, report: ReportId, day: NaiveDate, email: &Email) -> Key {
    Key::new(report_partition(scope, report), format!("COUNT#{day}#{}", address(email)))
}

pub(super) fn run_partition(scope: Scope, id: RunId) -> String {
    format!("{}#RUN#{id}", scope.a())
}

pub(super) fn run_key(scope: Scope, id: RunId) -> Key {
    Key::new(run_partition(scope, id), "RUN")
}

pub(super) fn run(scope: Scope, run: &domain::run::Run) -> Place {
    let place = run_key(scope, run.id).also(Index::One, runs(scope, run.report_id), run.id.to_string());
    match run.stage {
        domain::run::Stage::Planning => {
            place.also(Index::Two, planning_wheel(shard(&run.id)), format!("{}#{}#{}", time(run.started_at), scope.0, run.id))
        }
        domain::run::Stage::Planned | domain::run::Stage::Skipped => place,
    }
}

pub(super) fn planning_wheel(shard: u8) -> String {
    format!("PLANNING#{shard}")
}

pub(super) fn read_planning(sk: &str) -> Option<(Scope, RunId)> {
    let mut parts = sk.split('#').skip(1);
    Some((Scope(parts.next()?.parse().ok()?), parts.next()?.parse().ok()?))
}

pub(super) fn runs(scope: Scope, report: ReportId) -> String {
    format!("{}#RUNS", report_partition(scope, report))
}

pub(super) fn content(scope: Scope, run: RunId, digest: &str) -> Key {
    Key::new(run_partition(scope, run), format!("CONTENT#{digest}"))
}

pub(super) fn delivery_key(scope: Scope, id: &DeliveryId) -> Key {
    Key::new(format!("{}#D#{id}", scope.a()), "DELIVERY")
}

/// Reads the account and delivery from where [`delivery_key`] put it.
pub fn read_delivery(pk: &str) -> Option<(Scope, DeliveryId)> {
    let (account, delivery) = pk.strip_prefix("A#")?.split_once("#D#")?;
    Some((Scope(account.parse().ok()?), delivery.parse().ok()?))
}

pub(super) fn delivery(scope: Scope, delivery: &domain::delivery::Delivery) -> Place {
    let mut place = Place::from(delivery_key(scope, &delivery.id));
    if let domain::delivery::Mail::Report { run_id, .. } = &delivery.mail {
        place = place.also(Index::One, run_deliveries(scope, *run_id), delivery.id.to_string());
    }
    match delivery.wake_at {
        Some(at) => place.also(Index::Two, wake_wheel(shard(&delivery.id)), format!("{}#{}#{}", time(at), scope.0, delivery.id)),
        None => place,
    }
}

pub(super) fn run_deliveries(scope: Scope, run: RunId) -> String {
    format!("{}#DELIVERIES", run_partition(scope, run))
}

pub(super) fn wake_wheel(shard: u8) -> String {
    format!("WAKE#{shard}")
}

pub(super) fn read_wake(sk: &str) -> Option<(Scope, DeliveryId)> {
    let mut parts = sk.split('#').skip(1);
    Some((Scope(parts.next()?.parse().ok()?), parts.next()?.parse().ok()?))
}

pub(super) const PROGRAMS: &str = "PROGRAM#";
pub(super) const SESSIONS: &str = "SESSION#";

pub(super) fn program(scope: Scope, id: ProgramId) -> Key {
    Key::new(scope.a(), format!("{PROGRAMS}{id}"))
}

pub(super) fn engagement_partition(scope: Scope, id: EngagementId) -> String {
    format!("{}#E#{id}", scope.a())
}

/// Reads the account and engagement from where [`engagement_partition`] put them.
pub(super) fn read_engagement(pk: &str) -> Option<(Scope, EngagementId)> {
    let (account, engagement) = pk.strip_prefix("A#")?.split_once("#E#")?;
    Some((Scope(account.parse().ok()?), engagement.parse().ok()?))
}

pub(super) fn engagement_key(scope: Scope, id: EngagementId) -> Key {
    Key::new(engagement_partition(scope, id), "ENGAGEMENT")
}

pub(super) fn engagement(scope: Scope, id: EngagementId, client: ClientId) -> Place {
    engagement_key(scope, id).also(Index::One, engagements(scope), id.to_string()).also(
        Index::Three,
        client_engagements(scope, client),
        id.to_string(),
    )
}

pub(super) fn engagements(scope: Scope) -> String {
    format!("{}#ENGAGEMENTS", scope.a())
}

pub(super) fn client_engagements(scope: Scope, client: ClientId) -> String {
    format!("{}#C#{client}#ENGAGEMENTS", scope.a())
}

pub(super) fn session(scope: Scope, engagement: EngagementId, id: SessionId) -> Key {
    Key::new(engagement_partition(scope, engagement), format!("{SESSIONS}{id}"))
}

pub(super) fn session_pointer(scope: Scope, id: SessionId) -> Key {
    Key::new(format!("{}#S#{id}", scope.a()), "SESSION")
}

pub(super) fn tracking_key(scope: Scope, engagement: EngagementId) -> Key {
    Key::new(engagement_partition(scope, engagement), "TRACKING")
}

pub(super) fn tracking(scope: Scope, tracking: &domain::progress::Tracking) -> Place {
    let mut place = Place::from(tracking_key(scope, tracking.engagement_id));
    if let Some(due_on) = tracking.due_on {
        place = place.also(Index::One, tracked(scope), format!("{due_on}#{}", tracking.engagement_id));
    }
    if let Some(due_at) = tracking.due_at {
        place = place.also(Index::Three, due(due_shard(scope)), format!("{}#{}#{}", time(due_at), scope.0, tracking.engagement_id));
    }
    place
}

/// The engagements of an account that are tracked, by the day they are due.
pub(super) fn tracked(scope: Scope) -> String {
    format!("{}#TRACKED", scope.a())
}

/// A part of the due index.
pub fn due(shard: u8) -> String {
    format!("DUE#{shard:02}")
}

/// The part of the due index that an account is in.
pub fn due_shard(scope: Scope) -> u8 {
    Sha256::digest(scope.0.to_string())[0] % DUE_SHARDS
}

/// Reads since when something is due from its place in the due index, or in the wheel of items.
pub fn read_due_at(sk: &str) -> Option<DateTime<Utc>> {
    sk.split('#').next()?.parse().ok()
}

/// Reads the account from where [`tracking`] and [`digests`] put it.
pub(super) fn read_due(sk: &str) -> Option<Scope> {
    Some(Scope(sk.split('#').nth(1)?.parse().ok()?))
}

pub(super) fn engagement_log(scope: Scope, engagement: EngagementId) -> String {
    format!("{}#LOG", engagement_partition(scope, engagement))
}

pub(super) fn engagement_happening(scope: Scope, engagement: EngagementId, at: DateTime<Utc>, id: HappeningId) -> Key {
    Key::new(engagement_log(scope, engagement), format!("{}#{id}", time(at)))
}

pub(super) fn digests_key(scope: Scope) -> Key {
    Key::new(scope.a(), "DIGESTS")
}

pub(super) fn digests(scope: Scope, due_at: Option<DateTime<Utc>>) -> Place {
    match due_at {
        Some(at) => digests_key(scope).also(Index::Three, due(due_shard(scope)), format!("{}#{}", time(at), scope.0)),
        None => digests_key(scope).into(),
    }
}

pub(super) fn crossings(scope: Scope, epoch: u64) -> String {
    format!("{}#CROSSED#{epoch}", scope.a())
}

/// The crossings of one coach in an epoch; of engagements whose coach is not told, without.
pub(super) fn crossings_of(coach: Option<MemberId>) -> String {
    coach.map_or_else(|| "-#".to_owned(), |coach| format!("{coach}#"))
}

pub(super) fn crossing(scope: Scope, epoch: u64, crossing: &domain::digest::Crossing) -> Key {
    Key::new(crossings(scope, epoch), format!("{}{}#{}", crossings_of(crossing.coach_id), crossing.since, crossing.engagement_id))
}

pub(super) fn owed(scope: Scope, epoch: u64) -> String {
    format!("{}#DIGEST#{epoch}", scope.a())
}

pub(super) fn owed_digest(scope: Scope, epoch: u64, person: PersonId) -> Key {
    Key::new(owed(scope, epoch), format!("{}#{}", person_kind(person), person_id(person)))
}

pub(super) fn suppressed(scope: Scope, email: &Email) -> Key {
    Key::new(scope.a(), format!("{SUPPRESSED}{}", address(email)))
}

/// What kind of person an address is in use by: an address is unique among each (P-7).
pub(super) fn person_kind(person: PersonId) -> &'static str {
    match person {
        PersonId::Member(_) => "member",
        PersonId::Client(_) => "client",
        PersonId::Personnel(_) => "personnel",
    }
}

pub(super) fn email_partition(email: &Email) -> String {
    format!("EMAIL#{}", address(email))
}

pub(super) fn email(scope: Scope, email: &Email, person: PersonId) -> Key {
    Key::new(email_partition(email), format!("{}#{}", scope.a(), person_kind(person)))
}

/// The digest under which a secret is kept.
pub fn digest(secret: &str) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(secret))
}

pub(super) fn api_key(secret_digest: &str) -> Key {
    Key::new(format!("KEY#{secret_digest}"), "KEY")
}

fn person_id(person: PersonId) -> String {
    match person {
        PersonId::Member(id) => id.to_string(),
        PersonId::Client(id) => id.to_string(),
        PersonId::Personnel(id) => id.to_string(),
    }
}

pub(super) fn link(token_digest: &str) -> Key {
    Key::new(format!("LINK#{token_digest}"), "LINK")
}

pub(super) fn browsers(scope: Scope, person: PersonId) -> String {
    format!("{}#P#{}#SIGNED-IN", scope.a(), person_id(person))
}

pub(super) fn browser(scope: Scope, person: PersonId, token_digest: &str) -> Key {
    Key::new(browsers(scope, person), token_digest)
}

pub(super) fn asked(nonce: &str) -> Key {
    Key::new(format!("ASKED#{nonce}"), "ASKED")
}

pub(super) fn asked_for(email: &Email, hour: DateTime<Utc>) -> Key {
    Key::new(format!("ASKED-FOR#{}", address(email)), time(hour))
}

pub(super) fn asked_for_from(email: &Email, place: &str, hour: DateTime<Utc>) -> Key {
    Key::new(format!("ASKED-FOR#{}", address(email)), format!("{}#{}", time(hour), &digest(place)[..32]))
}

pub(super) fn asked_from(place: &str, hour: DateTime<Utc>) -> Key {
    Key::new(format!("ASKED-FROM#{}", &digest(place)[..32]), time(hour))
}

pub(super) fn invited(scope: Scope, email: &Email) -> Key {
    Key::new(format!("{}#INVITED#{}", scope.a(), address(email)), "INVITED")
}

pub(super) fn first_account(email: &Email) -> Key {
    Key::new(format!("FIRST#{}", address(email)), "FIRST")
}

pub(super) fn person_keys(scope: Scope, person: PersonId) -> String {
    format!("{}#P#{}#KEYS", scope.a(), person_id(person))
}

pub(super) fn api_key_place(scope: Scope, key: &super::people::ApiKey) -> Place {
    api_key(&key.digest).also(Index::One, person_keys(scope, key.person), key.id.to_string())
}

pub(super) fn request(scope: Scope, digest: &str) -> Key {
    Key::new(format!("{}#REQUEST#{digest}", scope.a()), "REQUEST")
}

pub(super) fn audit_day(scope: Scope, day: NaiveDate) -> String {
    format!("{}#AUDIT#{day}", scope.a())
}

pub(super) fn audit(scope: Scope, entry: &super::audit::Entry) -> Key {
    Key::new(audit_day(scope, entry.at.date_naive()), entry.id.to_string())
}

pub(super) fn refused_in_hour(scope: Scope, person: PersonId, at: DateTime<Utc>) -> Key {
    Key::new(format!("{}#P#{}#REFUSED", scope.a(), person_id(person)), at.format("%Y-%m-%dT%H").to_string())
}

pub(super) fn signing_keys() -> Key {
    Key::new("SYSTEM", "SIGNING-KEYS")
}
