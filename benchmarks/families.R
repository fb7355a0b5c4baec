# Families of models on one table: Rscript families.R <rows.csv> <drawn weightings>
suppressPackageStartupMessages({
  library(survival); library(sandwich); library(nnet); library(lme4)
})
d <- read.csv(commandArgs(TRUE)[1])
draws <- as.integer(commandArgs(TRUE)[2])
few <- d[1:3000, ]
d$lower <- ifelse(d$event == 1, ifelse(d$seen == 0, NA, d$seen), d$whole)
d$upper <- ifelse(d$event == 1, d$whole, NA)
d$kinds <- factor(d$kind)
X <- ~ a + b + c + d
cuts <- unname(quantile(d$stop[d$event == 1], (1:3) / 4))

seconds <- function(f) {
  t <- system.time(suppressMessages(suppressWarnings(invisible(capture.output(f())))))
  t[[1]] + t[[2]]
}
took <- function(f) {
  first <- seconds(f)
  if (first > 3) first else median(sapply(1:3, function(i) seconds(f)))
}
with_terms <- function(left, more = NULL)
  as.formula(paste(left, "~ a + b + c + d", if (!is.null(more)) paste("+", more)))
left <- function(dist) function() survreg(with_terms("Surv(stop, event)"), d, dist = dist)
binary <- function(link) function() {
  fit <- glm(with_terms("year_event", "log(stop)"), binomial(link), d)
  vcovCL(fit, ~ state)
}
mixed <- function(link) function()
  glmer(with_terms("year_event", "log(stop) + (1 | state)"), d, binomial(link), nAGQ = 9)

set.seed(1)
boot <- function() {
  design <- cbind(1, as.matrix(d[, c("a", "b", "c", "d")]), log(d$stop))
  for (i in seq_len(draws)) {
    w <- tabulate(sample(300, replace = TRUE), 300)[d$state + 1]
    glm.fit(design, d$year_event, weights = w, family = binomial())
  }
}
runs <- list(
  exponential = left("exponential"), weibull = left("weibull"), lognormal = left("lognormal"),
  loglogistic = left("loglogistic"),
  `weibull, dates by the unit` = function()
    survreg(with_terms("Surv(lower, upper, type = 'interval2')"), d, dist = "weibull"),
  piecewise = function() {
    s <- survSplit(with_terms("Surv(stop, event)"), d, cut = cuts, episode = "piece")
    glm(event ~ a + b + c + d + factor(piece) + offset(log(stop - tstart)), poisson, s)
  },
  logit = binary("logit"), probit = binary("probit"), cloglog = binary("cloglog"),
  interval_cloglog = binary("cloglog"), interval_logit = binary("logit"),
  interval_probit = binary("probit"),
  multinomial = function() summary(multinom(year_kind ~ a + b + c + d + log(stop), d, Hess = TRUE)),
  random_logit = mixed("logit"), random_probit = mixed("probit"), random_cloglog = mixed("cloglog"),
  conditional_logit = function()
    clogit(year_event ~ a + b + c + d + strata(state), d, method = "exact"),
  cox_exact = function() coxph(with_terms("Surv(whole, seldom)"), d, ties = "exact"),
  `cox_exact, 3,000 rows` = function() coxph(with_terms("Surv(whole, event)"), few, ties = "exact"),
  frailty_gamma = function() coxph(with_terms("Surv(end, kind > 0)", "frailty(state)"), d),
  frailty_gaussian = function()
    coxph(with_terms("Surv(end, kind > 0)", "frailty.gaussian(state)"), d),
  cause_specific = function() coxph(with_terms("Surv(end, kinds)"), d, id = id),
  multistate = function() coxph(with_terms("Surv(end, kinds)"), d, id = id),
  fine_gray = function() {
    f <- finegray(with_terms("Surv(end, kinds)"), d, etype = "1")
    coxph(with_terms("Surv(fgstart, fgstop, fgstatus)"), f, weights = fgwt)
  }
)
for (name in names(runs)) cat(name, took(runs[[name]]), sep = "\t", fill = TRUE)
cat("logit, 1,000 weightings", seconds(boot) * 1000 / draws, sep = "\t", fill = TRUE)
