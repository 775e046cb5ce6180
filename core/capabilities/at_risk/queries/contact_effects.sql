-- What did past campaigns of contacts do, the latest first?
select * from contact_effects order by day desc nulls last, campaign nulls last
