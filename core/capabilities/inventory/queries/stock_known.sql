-- Of how many products is the stock known?
select count(*) as products, count(cover_weeks) as known from suggestions
