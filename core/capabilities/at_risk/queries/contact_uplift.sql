-- What did past contacts by each channel bring, the best channel first?
select * from contact_uplift order by low desc nulls last, channel nulls last
