"""The two campaigns of the model: one for everyone, one for each pledge."""

CAMPAIGN = """---
title: News
purpose: public_task
basis_reason: It is our task.
subject: News
preview: What is new.
trigger: {trigger}
occasion: {occasion}
approval: person
owner: amy
segment: {segment}
---
Dear {{{{ contact.first_name or 'colleague' }}}}, here is what is new.
"""
CAMPAIGNS = {
    "news": ("manual", "edition", "{}"),
    "thanks": ("new_pledges", "pledge\nrenewals: true", "{pledged_within_days: 30}"),
}
