//! The routes, a module per kind of thing. Each handler reads the request, calls one operation and answers.

pub(crate) mod account;
pub(crate) mod clients;
pub(crate) mod comments;
pub(crate) mod companies;
pub(crate) mod engagement_lists;
pub(crate) mod engagements;
pub(crate) mod exports;
pub(crate) mod groups;
pub(crate) mod identity;
pub(crate) mod imports;
pub(crate) mod invoices;
pub(crate) mod items;
pub(crate) mod mail;
pub(crate) mod members;
pub(crate) mod programs;
pub(crate) mod public;
pub(crate) mod reports;
pub(crate) mod runs;
pub(crate) mod sign_in;
pub(crate) mod uploads;
