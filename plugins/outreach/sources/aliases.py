"""Which headings mean which field, and which need no mention: words, as people write them."""

from __future__ import annotations

from collections.abc import Mapping

_TOLD = {
    "email": """
        email, e mail, mail, email address, e mail address, work email, work email address, nhs
        email, nhs email address, nhs mail, nhsmail, contact email, contact email address,
        address email, preferred email, preferred email address, best email address, best email
        address to reach you, primary email, primary email address, email 1, e mail 1 value,
        email addr, email add, emailaddress1, nhsmail address, work e mail, work e mail address,
        nhs net email, nhs net email address""",
    "first_name": "first name, forename, given name, firstname, christian name",
    "last_name": "last name, surname, family name, lastname, second name",
    "name": """
        name, full name, contact name, first and last name, your name, person, staff name,
        employee name""",
    "job_role": """
        job role, role, job title, job, position, title of job, occupation, profession, role in
        organisation, role in the organisation, staff role, position held, best describes your
        role, best describes your job role""",
    "sector": """
        sector, primary care sector, sector of primary care, contractor group, contractor type,
        part of primary care, area of primary care, type of primary care, type of primary care
        organisation, type of primary care provider, best describes your sector""",
    "ics_area": """
        ics area, ics, area, icb, icb area, integrated care system, integrated care system area,
        integrated care board, london area, region of london, part of london, area of london,
        system""",
    "borough": """
        borough, london borough, local authority, council area, practice borough, borough of
        practice, borough of your practice, borough of organisation, borough of your
        organisation, borough of work""",
    "organisation_name": """
        organisation name, organisation, organization, organization name, employer, practice
        name, practice, pharmacy name, name of organisation, name of organization, name of
        practice, name of your organisation, name of your organization, name of your practice,
        name of your employer, name of employer, workplace, place of work, name of your
        workplace, company, surgery, surgery name, employer name, org, org name, gp practice, gp
        practice name, gp surgery, gp surgery name, who do you work for, who is your employer,
        who are you employed by""",
    "ods_code": """
        ods code, ods, practice code, organisation code, partner organisation code, ods code of
        your organisation, organisation ods code, organisations ods code, national practice
        code, ods code of your practice, nacs code, ods number, practice ods code""",
    "organisation_postcode": """
        organisation postcode, practice postcode, pharmacy postcode, surgery postcode, employer
        postcode, work postcode, workplace postcode, postcode, post code, postal code, postcode
        of your organisation, postcode of your practice, postcode of your workplace,
        organisations postcode, practices postcode, postcode of organisation, postcode of
        practice, organisation post code, practice post code, work post code""",
    "tracking_consent": "tracking consent, click consent, consent to click tracking",
    "left_on": """
        left on, left, leaving date, date left, leaver date, left date, last working day, date
        of leaving""",
    "pledged_at": """
        pledged at, pledged on, pledge date, date of pledge, completion time, submitted,
        submitted at, submission date, date submitted, timestamp, entry date, signed at, signed
        on, date signed, date, submitted on, submission time, date and time of pledge, date of
        signing, date of submission, created, created on, created at, when did you sign the
        pledge, when did you pledge""",
    "pledge_kind": """
        pledge kind, pledging as, signing as, pledge type, pledge for, on behalf of, who are you
        pledging for, are you pledging as a person or on behalf of an organisation, are you
        pledging as, signing on behalf of""",
    "org_name": """
        name, organisation name, organisation, practice name, partner name, organization name""",
    "opened_on": "opened on, open date, opened, operational start date, legal start date",
    "closed_on": "closed on, close date, closed, operational end date, legal end date",
    "org_status": "status, status code, organisation status",
    "prescribing_setting": "prescribing setting",
    "health_geography": """
        icb code, current sub icb loc code, current sub icb location code, practice parent sub
        icb loc code, practice parent sub icb location code""",
    "pcn_from": "pcn from, practice to pcn relationship start date",
    "pcn_until": "pcn until, practice to pcn relationship end date",
    "postcode": "postcode, post code, postal code, organisation postcode",
    "pcn_code": "pcn code, primary care network code",
    "pcn_name": "pcn name, pcn, primary care network, primary care network name",
    "subscriber_type": "subscriber type, pecr subscriber type, legal form",
    "resource_key": "resource key, key, resource id, reference",
    "title": """
        title, resource title, resource, resource name, name of resource, name of the resource,
        title of resource""",
    "url": """
        url, link, web address, address, resource url, resource link, link to resource, link to
        the resource, web link, weblink, hyperlink""",
    "summary": "summary, description, about, short description, what it is",
    "resource_kind": "kind, resource kind, type, resource type, format, kind of resource",
    "published_at": """
        published at, published, published on, date published, date, date added, date of
        publication, publication date""",
    "target": """
        email, e mail, email address, e mail address, address, recipient, email or domain,
        address or domain, domain, blocked address, subscriber, subscriber email, contact email,
        email addresses""",
    "reason": """
        reason, suppression reason, reason for suppression, unsub reason, unsubscribe reason,
        type, suppression type, event, cause, reason for removal, reason for unsubscribing""",
    "status": """
        status, subscription status, email status, contact status, bounce type, bounce category""",
    "cleaned_on": "clean time, cleaned on, cleaned at",
    "scope": "scope, purpose",
    "detail": "detail, details, note, notes, comment, comments",
    "since": """
        since, created, created at, date, unsubscribed at, suppressed at, unsub time,
        unsubscribe date, date unsubscribed, date removed, date suppressed, suppressed on,
        bounced at, date of bounce, created on, removal date, suppressed date""",
    "basis": "basis, lawful basis",
    "evidence": "evidence, basis evidence, consent evidence",
    "wording_version": "wording version, consent wording, consent wording version",
    "basis_purpose": "basis purpose, purpose, purpose of basis, consent purpose",
    "given_on": """
        given on, consent date, date of consent, consent given on, consented at, consented on,
        optin time, opt in date, confirm time""",
    "withdrawn_on": """
        withdrawn on, withdrawn, withdrawn at, date withdrawn, pledge withdrawn on, withdrawal
        date""",
}

ALIASES: Mapping[str, tuple[str, ...]] = {
    field: tuple(" ".join(text.split()) for text in told.split(","))
    for field, told in _TOLD.items()
}
"""Field -> the headings that mean it."""

IGNORED = frozenset(
    {
        "id",
        "ip",
        "start time",
        "last modified time",
        "language",
        "total points",
        "quiz feedback",
        "grade posted time",
        "import id",
        "file name",
        "row number",
        "problem column",
        "problem",
        "advice",
        "contact id",
        "mailable",
        "not mailable reason",
        "pledged",
        "pledge id",
        "shared mailbox",
        "source",
        "outreach import",
        "outreach row",
        "outreach column",
        "outreach what is wrong",
        "outreach what to do",
    }
)
"""Headings of form tools and of our own exports that need no mention."""
