//! Clients’ portals: invited, accepted, cancelled (P-5).
