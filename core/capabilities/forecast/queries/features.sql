-- Which features can be looked at, and what do they mean?
select g.driver, g.feature, g.unit, g.meaning
from glossary g
where g.feature in (select feature from feature_values where segment = 'all' and value is not null)
order by g.driver nulls last, g.feature nulls last
