-- On which first and last day up to $as_of did anything sell (or was looked at, where that is the signal)?
select min(day) as first_day, max(day) as last_day from daily where interest > 0 and day <= $as_of
