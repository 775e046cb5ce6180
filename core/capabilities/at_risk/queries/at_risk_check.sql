-- How did the chances do on past days, the latest first?
select * from at_risk_check order by day desc nulls last
