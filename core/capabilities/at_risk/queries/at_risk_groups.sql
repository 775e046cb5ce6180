-- Why do customers of a segment stay away, the largest sum at stake first after all reasons?
select reason, customers, likely, leaving, value_cents, at_stake_cents
from at_risk_groups
where segment = $segment
order by reason = 'all' desc nulls last, at_stake_cents desc nulls last, reason nulls last
