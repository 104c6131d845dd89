# The frozen cases of test_estimators.py by R's package survey: Rscript survey_cases.R cases.csv
suppressMessages(library(survey))
options(digits = 15)
a <- read.csv(commandArgs(TRUE)[1])
d <- svydesign(ids = ~1, strata = ~h, fpc = ~N, data = a)
say <- function(name, x) cat(name, format(as.numeric(x), digits = 15), "\n")
of <- function(name, m) say(name, c(coef(m), SE(m)))
of("stratified", svymean(~y, d))
of("domain", svymean(~y, subset(d, d == 1)))
of("post", svymean(~y, postStratify(d, ~g, data.frame(g = c(0, 1), Freq = c(150, 230)))))
of("greg", svymean(~y, calibrate(d, ~s, c(`(Intercept)` = 380, s = 380 * 0.37))))
say("beta", attr(svyciprop(~y, d, method = "beta"), "ci"))
say("logit", attr(svyciprop(~y, d, method = "logit"), "ci"))
f <- data.frame(h = rep(0:2, c(120, 60, 200)), id = 1:380, y = 0, sub = FALSE)
for (x in 0:2) {
  at <- c(0, 120, 180)[x + 1] + seq_len(sum(a$h == x))
  f$y[at] <- a$y[a$h == x]
  f$sub[at] <- TRUE
}
for (how in c("full", "simple")) {
  of(how, svymean(~y, twophase(list(~id, ~id), list(NULL, ~h), subset = ~sub, data = f, method = how)))
}
