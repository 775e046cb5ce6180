-- What is at stake in each segment, all customers first?
select segment, customers, likely, leaving, value_cents, at_stake_cents
from at_risk_groups
where reason = 'all'
order by segment = 'all' desc nulls last, at_stake_cents desc nulls last, segment nulls last
