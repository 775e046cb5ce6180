-- How many customers of each segment are to be contacted, all customers first?
select * from contact_groups order by segment = 'all' desc nulls last, chosen desc nulls last, segment nulls last
