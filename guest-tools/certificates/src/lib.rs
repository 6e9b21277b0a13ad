//! Certificates: which HAProxy holds, when they expire, and how they are replaced while it runs; the authorities,
//! revocations and lists that go with them, what is known by OCSP, and renewals by ACME.
#![deny(
    unsafe_op_in_unsafe_fn,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]
#![warn(clippy::pedantic)]

mod acme;
mod asked;
mod authorities;
mod certificate;
mod crt_list;
mod ocsp;
mod pem;
mod revocations;
mod sni;
mod store;
mod transaction;
mod update;

use haproxy_mcp_sdk::{Access, Tool};

/// What a tool that reads is besides its own.
const READS: Tool = Tool {
    access: Access::Read,
    toolset: "certificates",
    idempotent: true,
    ..Tool::USUAL
};

/// What a tool that changes something is besides its own.
const CHANGES: Tool = Tool {
    access: Access::Admin,
    toolset: "certificates",
    ..Tool::USUAL
};

const TOOLS: &[Tool] = &[
    Tool {
        name: "show_ssl_certs",
        title: "Certificates",
        description: "The certificates that HAProxy holds, by the names that the other tools take (`show ssl cert`); marked is \
            one that somebody is changing. show_ssl_sni says which expires when.",
        input_schema: include_str!("../schema/show_ssl_certs.input.json"),
        output_schema: include_str!("../schema/show_ssl_certs.output.json"),
        run: certificate::show_ssl_certs,
        ..READS
    },
    Tool {
        name: "show_ssl_cert",
        title: "One certificate",
        description: "All that HAProxy says of one certificate: subject, names, issuer, chain, validity and days left, serial \
            number, fingerprint, and whether it is used; never its key. With uncommitted, what a change that somebody has \
            begun would make of it.",
        input_schema: include_str!("../schema/show_ssl_cert.input.json"),
        output_schema: include_str!("../schema/show_ssl_cert.output.json"),
        run: certificate::show_ssl_cert,
        ..READS
    },
    Tool {
        name: "show_ssl_sni",
        title: "What expires when",
        description: "The names that HAProxy has certificates for and until when these are valid, soonest first: where (frontend \
            and bind) and with which certificate from 3.2 on (`show ssl sni`), from the certificates one by one before. Use it \
            to find what expires, and which certificate serves a name.",
        input_schema: include_str!("../schema/show_ssl_sni.input.json"),
        output_schema: include_str!("../schema/show_ssl_sni.output.json"),
        run: sni::show_ssl_sni,
        ..READS
    },
    Tool {
        name: "show_ssl_ca_files",
        title: "CA certificates",
        description: "The files of CA certificates that HAProxy holds (`show ssl ca-file`); with ca_file the certificates of one: \
            whom it trusts.",
        input_schema: include_str!("../schema/show_ssl_ca_files.input.json"),
        output_schema: include_str!("../schema/show_ssl_ca_files.output.json"),
        run: authorities::show_ssl_ca_files,
        ..READS
    },
    Tool {
        name: "show_ssl_crl_files",
        title: "Revocations",
        description: "The files of certificate revocation lists that HAProxy holds (`show ssl crl-file`); with crl_file the lists \
            of one: who made each, how many it revokes, and when the next is due.",
        input_schema: include_str!("../schema/show_ssl_crl_files.input.json"),
        output_schema: include_str!("../schema/show_ssl_crl_files.output.json"),
        run: revocations::show_ssl_crl_files,
        ..READS
    },
    Tool {
        name: "show_ssl_crt_list",
        title: "Lists of certificates",
        description: "The `crt-list` files of binds (`show ssl crt-list`, the stats socket must be of level admin); with crt_list \
            the entries of one: certificate, line, options, and the names that it is for.",
        input_schema: include_str!("../schema/show_ssl_crt_list.input.json"),
        output_schema: include_str!("../schema/show_ssl_crt_list.output.json"),
        run: crt_list::show_ssl_crt_list,
        ..READS
    },
    Tool {
        name: "show_ocsp",
        title: "OCSP responses",
        description: "The OCSP responses that HAProxy gives to clients (`show ssl ocsp-response`); with response what one says; \
            with updates which ones HAProxy renews by itself, and how that went (from 2.8).",
        input_schema: include_str!("../schema/show_ocsp.input.json"),
        output_schema: include_str!("../schema/show_ocsp.output.json"),
        run: ocsp::show_ocsp,
        ..READS
    },
    Tool {
        name: "show_acme_status",
        title: "Certificates from ACME",
        description: "The certificates that HAProxy itself gets by ACME, for example from Let's Encrypt (`acme status`, \
            from 3.2; the stats socket must be of level admin): state, when each expires and when it is renewed. Use it \
            to see whether a renewal failed or is due.",
        input_schema: include_str!("../schema/show_acme_status.input.json"),
        output_schema: include_str!("../schema/show_acme_status.output.json"),
        run: acme::show_acme_status,
        ..READS
    },
    Tool {
        name: "update_ssl_cert",
        title: "Replace a certificate",
        description: "Replaces a certificate with its chain and key while HAProxy runs, all or nothing: drafts it, compares what \
            HAProxy read, commits, and reads back. A key that does not fit, or what is no certificate, is refused and the old \
            one stays. With create a new one is made, for add_ssl_crt_list. Refused while somebody else changes a certificate. \
            In memory only: lost at the next reload unless the file has it.",
        input_schema: include_str!("../schema/update_ssl_cert.input.json"),
        output_schema: include_str!("../schema/update_ssl_cert.output.json"),
        idempotent: true,
        run: update::update_ssl_cert,
        ..CHANGES
    },
    Tool {
        name: "del_ssl_cert",
        title: "Delete a certificate",
        description: "Deletes a certificate that nothing uses from HAProxy's memory, with its key, which cannot be had back from \
            there; not from disk, so that a reload may bring it back. One that is used is refused: take it out of its \
            lists first.",
        input_schema: include_str!("../schema/del_ssl_cert.input.json"),
        output_schema: include_str!("../schema/del_ssl_cert.output.json"),
        destructive: true,
        run: update::del_ssl_cert,
        ..CHANGES
    },
    Tool {
        name: "add_ssl_crt_list",
        title: "Add a certificate to a list",
        description: "Adds a certificate that HAProxy holds to a `crt-list`, so that its binds serve it, and reads the list back. \
            The file on disk stays as it is: lost at the next reload unless it has the line.",
        input_schema: include_str!("../schema/add_ssl_crt_list.input.json"),
        output_schema: include_str!("../schema/add_ssl_crt_list.output.json"),
        run: crt_list::add_ssl_crt_list,
        ..CHANGES
    },
    Tool {
        name: "del_ssl_crt_list",
        title: "Take a certificate out of a list",
        description: "Takes an entry out of a `crt-list`, so that its binds do not serve it any more; the certificate stays in \
            memory. The file on disk stays as it is: a reload brings the entry back.",
        input_schema: include_str!("../schema/del_ssl_crt_list.input.json"),
        output_schema: include_str!("../schema/del_ssl_crt_list.output.json"),
        run: crt_list::del_ssl_crt_list,
        ..CHANGES
    },
    Tool {
        name: "update_ssl_ca_file",
        title: "Replace CA certificates",
        description: "Replaces all certificates of a CA file while HAProxy runs, all or nothing, and reads back: from then on \
            clients and servers are checked against these and no others. With create a new one is made. Lost at the next \
            reload unless the file has it.",
        input_schema: include_str!("../schema/update_ssl_ca_file.input.json"),
        output_schema: include_str!("../schema/update_ssl_ca_file.output.json"),
        idempotent: true,
        argument_bytes: 4_194_304,
        run: update::update_ssl_ca_file,
        ..CHANGES
    },
    Tool {
        name: "update_ssl_crl_file",
        title: "Replace revocation lists",
        description: "Replaces all lists of a CRL file while HAProxy runs, all or nothing, and reads back. With create a new one \
            is made. Lost at the next reload unless the file has it.",
        input_schema: include_str!("../schema/update_ssl_crl_file.input.json"),
        output_schema: include_str!("../schema/update_ssl_crl_file.output.json"),
        idempotent: true,
        run: update::update_ssl_crl_file,
        ..CHANGES
    },
    Tool {
        name: "set_ocsp_response",
        title: "Set an OCSP response",
        description: "Gives HAProxy a new OCSP response for a certificate that it keeps one of, and reads back. Lost at the next \
            reload unless the `.ocsp` file has it.",
        input_schema: include_str!("../schema/set_ocsp_response.input.json"),
        output_schema: include_str!("../schema/set_ocsp_response.output.json"),
        idempotent: true,
        run: ocsp::set_ocsp_response,
        ..CHANGES
    },
    Tool {
        name: "renew_acme",
        title: "Renew a certificate by ACME",
        description: "Has HAProxy begin to renew a certificate by ACME now (`acme renew`, from 3.2), which takes a while: \
            show_acme_status says how it goes. It cannot be called off, and issuers limit how often they answer.",
        input_schema: include_str!("../schema/renew_acme.input.json"),
        output_schema: include_str!("../schema/renew_acme.output.json"),
        destructive: true,
        run: acme::renew_acme,
        ..CHANGES
    },
];

haproxy_mcp_sdk::module! { name: "certificates", tools: TOOLS }
