-- What came of each action, the latest first?
select * from action_results order by last_day desc nulls last, source nulls last, action nulls last
