// A path of elastic-net penalties through Cox's partial likelihood: for each lambda the coefficients that minimise
// -log-likelihood / n + lambda sum_j f_j (a |b_j| + (1 - a) b_j^2 / 2), for Efron's or Breslow's ties and strata.
//
// Newton steps outside, cyclic coordinate descent on the quadratic model inside (Friedman, Hastie & Tibshirani 2010; Simon et al. 2011), only
// over the coefficients that the sequential strong rule keeps, all others checked afterwards (Tibshirani et al. 2012). Cost: 4 n
// multiplications per coefficient and sweep, n p per lambda. The tricks: the Hessian is diagonal less one rank per event, so its product
// with a column is two running sums; it is formed for the columns that move only, and kept while it serves, so the quadratic model is exact
// at no cost per sweep. The coefficients that are not zero are solved for at once (Cholesky, a row more or less at a time), with their
// signs held; a sweep then finds those that should join them.
// All sums have LANES parts, so every SIMD level gives equal bytes.
#include "kernels.hpp"

namespace radiotype {
namespace RADIOTYPE_LEVEL {

static constexpr int64_t LANES = COXNET_LANES;
static constexpr double LOOSENESS = 0.02;  // descent ends when its steps are this small beside the violation that began it
static constexpr double STALE = 0.6;       // a step that leaves this share of the violation asks for a new Hessian
static constexpr int64_t PATIENCE = 5;     // sweeps before that, where each lambda needs a factor of its own
static constexpr double NEGLIGIBLE = 0.25;  // share of such a step that is not worth making
static constexpr int64_t HALVINGS = 40;
static constexpr int64_t TILE = 2;  // columns of a matrix product summed at once

#if defined(__AVX512F__)
static constexpr int64_t WIDTH = 8;  // doubles in a register
#elif defined(__AVX2__)
static constexpr int64_t WIDTH = 4;
#else
static constexpr int64_t WIDTH = 2;
#endif
static constexpr int64_t PACKS = LANES / WIDTH;

typedef double Pack __attribute__((vector_size(WIDTH * sizeof(double)), aligned(sizeof(double)), may_alias));

static inline const Pack& pack(const double* values) { return *reinterpret_cast<const Pack*>(values); }

// A sum of products in LANES parts, in as many registers as they need.
struct Sum {
    Pack part[PACKS] = {};

    void add(const double* a, const double* b) {
        for (int64_t k = 0; k < PACKS; ++k) part[k] += pack(a + k * WIDTH) * pack(b + k * WIDTH);
    }

    // Of all parts: each with that which stands half of them further on, until there is one.
    double total() const {
        Pack half[PACKS / 2];
        for (int64_t k = 0; k < PACKS / 2; ++k) half[k] = part[k] + part[k + PACKS / 2];
        const double* lane = reinterpret_cast<const double*>(half);
        return ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
    }
};

static double dot(const double* a, const double* b, int64_t stride) {
    Sum sum;
    for (int64_t start = 0; start < stride; start += LANES) sum.add(a + start, b + start);
    return sum.total();
}

static void add_scaled(double* sum, double scale, const double* row, int64_t stride) {
    for (int64_t i = 0; i < stride; ++i) sum[i] += scale * row[i];
}

static double size_of(double x) { return x < 0.0 ? -x : x; }

namespace {

// The likelihood as a function of the linear predictor. A group is the cases of one time in one stratum.
struct Curve {
    const CoxnetProblem& problem;
    double* weight;  // (n) hazard ratio of each case
    double* hazard;  // (n) the cumulative baseline hazard it faced
    double* slope;   // (stride) gradient
    double* groups;  // (n, 3) of the case that ends a group: sums of 1, f and f^2 over the squared risk sets of its events

    // Value at a predictor; fills the gradient and what `curvature` needs.
    double at(const double* predictor) const {
        double value = 0.0;
        for (int64_t s = 0; s < problem.n_strata; ++s) {
            const int64_t first = problem.bounds[s], end = problem.bounds[s + 1];
            double largest = -__builtin_inf();
            for (int64_t i = first; i < end; ++i) largest = predictor[i] > largest ? predictor[i] : largest;
            double total = 0.0;
            for (int64_t i = first, next; i < end; i = next) {
                double tied = 0.0;
                int64_t deaths = 0;
                next = i;
                do {
                    const double shifted = predictor[next] - largest;
                    weight[next] = __builtin_exp(shifted);
                    total += weight[next];
                    hazard[next] = 0.0;
                    if (problem.event[next]) {
                        value += shifted;
                        tied += weight[next];
                        deaths += 1;
                    }
                    next += 1;
                } while (next < end && problem.time[next] == problem.time[i]);
                double step = 0.0, unfaced = 0.0, squares[3] = {};
                for (int64_t d = 0; d < deaths; ++d) {
                    const double removed = problem.efron ? double(d) / double(deaths) : 0.0, at_risk = total - removed * tied;
                    const double inverse = 1.0 / at_risk;
                    value -= __builtin_log(at_risk);
                    step += inverse;
                    unfaced += removed * inverse;
                    squares[0] += inverse * inverse;
                    squares[1] += removed * inverse * inverse;
                    squares[2] += removed * removed * inverse * inverse;
                }
                for (int64_t j = i; j < next; ++j) {
                    if (problem.event[j]) hazard[j] = -unfaced;
                }
                slope[next - 1] = step;  // until the sweep back
                for (int64_t j = i; j < next - 1; ++j) slope[j] = 0.0;
                for (int64_t k = 0; k < 3; ++k) groups[3 * (next - 1) + k] = squares[k];
            }
            double running = 0.0;
            for (int64_t i = end - 1; i >= first; --i) {
                running += slope[i];
                hazard[i] += running;
                slope[i] = double(problem.event[i]) - weight[i] * hazard[i];
            }
        }
        return value;
    }

    // out (stride) = minus the Hessian times a column; returns column' out.
    double curvature(const double* column, double* out, double* scratch) const {
        for (int64_t s = 0; s < problem.n_strata; ++s) {
            const int64_t first = problem.bounds[s], end = problem.bounds[s + 1];
            double sum = 0.0;
            for (int64_t i = first, next; i < end; i = next) {
                double tied = 0.0;
                next = i;
                do {
                    const double part = weight[next] * column[next];
                    sum += part;
                    if (problem.event[next]) tied += part;
                    next += 1;
                } while (next < end && problem.time[next] == problem.time[i]);
                const double* squares = groups + 3 * (next - 1);
                for (int64_t j = i; j < next - 1; ++j) scratch[j] = 0.0;
                scratch[next - 1] = squares[0] * sum - squares[1] * tied;
                const double unfaced = squares[1] * sum - squares[2] * tied;
                for (int64_t j = i; j < next; ++j) out[j] = problem.event[j] ? unfaced : 0.0;
            }
            double running = 0.0;
            for (int64_t i = end - 1; i >= first; --i) {
                running += scratch[i];
                out[i] = weight[i] * (column[i] * hazard[i] - running + out[i]);
            }
        }
        for (int64_t i = problem.n_cases; i < problem.stride; ++i) out[i] = 0.0;
        return dot(column, out, problem.stride);
    }
};

// One penalty, on the scale of the log-likelihood.
struct Penalty {
    const double* factor;
    double l1, l2;

    double value(const double* b, int64_t p) const {
        double sum = 0.0;
        for (int64_t j = 0; j < p; ++j) {
            if (b[j] != 0.0) sum += factor[j] * (l1 * size_of(b[j]) + 0.5 * l2 * b[j] * b[j]);
        }
        return sum;
    }

    // How far a coefficient with this gradient is from its optimality condition.
    double violation(int64_t j, double gradient, double b) const {
        if (b == 0.0) {
            const double excess = size_of(gradient) - l1 * factor[j];
            return excess > 0.0 ? excess : 0.0;
        }
        return size_of(gradient - factor[j] * (l2 * b + (b > 0.0 ? l1 : -l1)));
    }
};

// The quadratic model: minus the Hessian of one point, as far as columns have asked for it. A column that has has a slot.
struct Model {
    const CoxnetProblem& problem;
    Curve frozen;        // of the point
    double* scratch;     // (stride)
    double* products;    // (p, stride) minus the Hessian times the column of each slot
    double* bend;        // (p) that times the column
    double* gram;        // (most, most) those of the first slots times the columns
    double* factor;      // (most, width) lower Cholesky factor of that of the coefficients that leaped last, without its diagonal
    double* pivot;       // (most) its diagonal
    double* right;       // (width)
    double* lacking;     // (most) gradient of the coefficients that leap
    double* begun;       // (p) coefficients before a leap
    int64_t* slot;       // (p) or -1
    int64_t* member;     // (p) the column of each slot
    int64_t* leapt;      // (most) those coefficients, in the order of the rows
    int64_t* place;      // (p) their row, or -1
    int64_t most, width;
    int64_t n_slots, n_gram, n_leapt;
    double factor_l2;  // ridge penalty in the factor

    static int64_t padded(int64_t n) { return (n + LANES - 1) / LANES * LANES; }

    void move_to(const Curve& curve) {
        const int64_t n = problem.n_cases;
        for (int64_t i = 0; i < n; ++i) {
            frozen.weight[i] = curve.weight[i];
            frozen.hazard[i] = curve.hazard[i];
        }
        for (int64_t i = 0; i < 3 * n; ++i) frozen.groups[i] = curve.groups[i];
        for (int64_t j = 0; j < problem.n_covariates; ++j) slot[j] = place[j] = -1;
        n_slots = n_gram = n_leapt = 0;
    }

    // The slot of a column.
    int64_t at(int64_t j) {
        if (slot[j] < 0) {
            slot[j] = n_slots;
            member[n_slots] = j;
            bend[n_slots] = frozen.curvature(problem.covariates + j * problem.stride, products + n_slots * problem.stride, scratch);
            n_slots += 1;
        }
        return slot[j];
    }

    // Completes the Gram matrix below its diagonal; the last row of a tile may be there already.
    void fill_gram() {
        const int64_t stride = problem.stride;
        for (int64_t top = n_gram / TILE * TILE; top < n_slots; top += TILE) {
            const int64_t rows = n_slots - top < TILE ? n_slots - top : TILE;
            const double* row[TILE];
            for (int64_t r = 0; r < TILE; ++r) row[r] = problem.covariates + member[top + (r < rows ? r : 0)] * stride;
            for (int64_t c = 0; c < top + rows; ++c) {
                Sum sum[TILE];
                const double* product = products + c * stride;
                for (int64_t start = 0; start < stride; start += LANES) {
                    for (int64_t r = 0; r < TILE; ++r) sum[r].add(row[r] + start, product + start);
                }
                for (int64_t r = 0; r < rows; ++r) {
                    if (c <= top + r) gram[(top + r) * most + c] = sum[r].total();
                }
            }
        }
        n_gram = n_slots;
    }

    // Adds a coefficient to the factor: one more row. False if it depends on the others.
    bool append(const Penalty& penalty, int64_t j) {
        const int64_t x = slot[j];
        double* row = factor + n_leapt * width;
        for (int64_t c = 0; c < width; ++c) row[c] = 0.0;
        for (int64_t c = 0; c < n_leapt; ++c) {
            const int64_t y = slot[leapt[c]];
            const double entry = x > y ? gram[x * most + y] : gram[y * most + x];
            const double* other = factor + c * width;
            row[c] = (entry - dot(row, other, padded(c))) / pivot[c];
        }
        const double entry = gram[x * most + x] + penalty.l2 * penalty.factor[j], square = entry - dot(row, row, padded(n_leapt));
        if (!(square > 1e-12 * entry)) return false;
        pivot[n_leapt] = __builtin_sqrt(square);
        leapt[n_leapt] = j;
        place[j] = n_leapt;
        n_leapt += 1;
        return true;
    }

    // Takes a coefficient out of the factor: the rows after it move up, and rotations make it triangular again.
    void remove(int64_t at) {
        place[leapt[at]] = -1;
        n_leapt -= 1;
        for (int64_t r = at; r < n_leapt; ++r) {
            leapt[r] = leapt[r + 1];
            place[leapt[r]] = r;
            lacking[r] = lacking[r + 1];
            for (int64_t c = 0; c < width; ++c) factor[r * width + c] = factor[(r + 1) * width + c];
        }
        for (int64_t k = at; k < n_leapt; ++k) {
            const double left = factor[k * width + k], over = pivot[k + 1];
            const double size = __builtin_sqrt(left * left + over * over), cosine = left / size, sine = over / size;
            const double against = (0.0 - over) / size;  // a sum beside a difference would be fused, whatever -ffp-contract says
            pivot[k] = size;
            factor[k * width + k] = 0.0;
            for (int64_t r = k + 1; r < n_leapt; ++r) {
                double* pair = factor + r * width + k;
                const double first = pair[0], second = pair[1];
                pair[0] = cosine * first + sine * second;
                pair[1] = cosine * second + against * first;
            }
        }
    }

    // right = the inverse of the factor times its transpose, times right.
    void solve() const {
        for (int64_t r = 0; r < n_leapt; ++r) {
            right[r] = (right[r] - dot(factor + r * width, right, padded(r))) / pivot[r];
        }
        for (int64_t r = n_leapt - 1; r >= 0; --r) {
            right[r] /= pivot[r];
            add_scaled(right, -right[r], factor + r * width, padded(r));
        }
    }

    void forget_factor() {
        for (int64_t r = 0; r < n_leapt; ++r) place[leapt[r]] = -1;
        n_leapt = 0;
    }

    // Minimises over the coefficients that are not zero, of which one leaves where its sign would change. False if it cannot.
    bool leap(const Penalty& penalty, const uint8_t* kept, double* b, double* residual) {
        const int64_t p = problem.n_covariates, stride = problem.stride;
        if (penalty.l2 != factor_l2) forget_factor();
        factor_l2 = penalty.l2;
        for (int64_t r = n_leapt - 1; r >= 0; --r) {
            if (!kept[leapt[r]] || b[leapt[r]] == 0.0) remove(r);
        }
        for (int64_t j = 0; j < p; ++j) {
            if (kept[j] && b[j] != 0.0) at(j);
        }
        if (n_slots > most) return false;
        fill_gram();
        for (int64_t j = 0; j < p; ++j) {
            if (kept[j] && b[j] != 0.0 && place[j] < 0 && !append(penalty, j)) return false;
        }
        for (int64_t j = 0; j < p; ++j) begun[j] = b[j];
        for (int64_t r = 0; r < n_leapt; ++r) {
            const int64_t j = leapt[r];
            lacking[r] = dot(problem.covariates + j * stride, residual, stride) -
                         penalty.factor[j] * (penalty.l2 * b[j] + (b[j] > 0.0 ? penalty.l1 : -penalty.l1));
        }
        for (bool held = false; !held && n_leapt > 0;) {
            for (int64_t r = 0; r < padded(n_leapt); ++r) right[r] = r < n_leapt ? lacking[r] : 0.0;
            solve();
            double share = 1.0;
            int64_t first = -1;
            for (int64_t r = 0; r < n_leapt; ++r) {
                const double from = b[leapt[r]], next = from + right[r];
                if (penalty.l1 * penalty.factor[leapt[r]] > 0.0 && (next > 0.0) != (from > 0.0) && -from / right[r] < share) {
                    share = -from / right[r];
                    first = r;
                }
            }
            held = first < 0;
            for (int64_t r = 0; r < n_leapt; ++r) {
                b[leapt[r]] += share * right[r];
                lacking[r] *= 1.0 - share;
            }
            if (!held) {
                b[leapt[first]] = 0.0;
                remove(first);
            }
        }
        for (int64_t j = 0; j < p; ++j) {
            if (b[j] != begun[j]) add_scaled(residual, begun[j] - b[j], products + slot[j] * stride, stride);
        }
        return true;
    }
};

struct Solver {
    const CoxnetProblem& problem;
    Curve curve;
    Model model;
    double* predictor;  // (stride)
    double* trial;      // (stride)
    double* residual;   // (stride) gradient of the quadratic model
    double* before;     // (p) coefficients at the start of a step
    double* gradient;   // (p)
    uint8_t* kept;      // (p) the coefficients that are worked on

    // Minimises the quadratic model over the kept coefficients; false if that takes too many sweeps.
    bool descend(const Penalty& penalty, double enough, double* b) {
        const int64_t p = problem.n_covariates, stride = problem.stride;
        for (int64_t i = 0; i < stride; ++i) residual[i] = curve.slope[i];
        bool everything = true, leaps = true;
        const int64_t patience = penalty.l2 > 0.0 ? PATIENCE : 0;
        int64_t waited = 0;
        for (int64_t sweep = 0; sweep < problem.max_sweeps; ++sweep) {
            if (leaps && waited >= patience) {
                leaps = model.leap(penalty, kept, b, residual);
                everything = true;
                waited = 0;
            }
            double largest = 0.0;
            for (int64_t j = 0; j < p; ++j) {
                if (!kept[j] || (!everything && b[j] == 0.0)) continue;
                const double* column = problem.covariates + j * stride;
                const double pull = dot(column, residual, stride), limit = penalty.l1 * penalty.factor[j];
                if (b[j] == 0.0 && size_of(pull) <= limit) continue;
                const int64_t s = model.at(j);
                const double bend = model.bend[s], total = bend + penalty.l2 * penalty.factor[j];
                if (!(total > 1e-14)) continue;
                const double goal = pull + bend * b[j], excess = size_of(goal) - limit;
                const double next = excess > 0.0 ? (goal > 0.0 ? excess : -excess) / total : 0.0;
                const double step = next - b[j];
                const double moved = size_of(step) * total;
                if (step == 0.0 || (next != 0.0 && moved <= NEGLIGIBLE * enough)) continue;
                b[j] = next;
                add_scaled(residual, -step, model.products + s * stride, stride);
                largest = moved > largest ? moved : largest;
            }
            if (largest <= enough) {
                if (everything) return true;
                everything = true;
                continue;
            }
            everything = false;
            waited += 1;
        }
        return false;
    }

    // Newton steps over the kept coefficients until none violates its condition; `value` is that at b. False if they do not end.
    // The Hessian is kept from step to step, and from lambda to lambda, for as long as a step still cuts the violation enough.
    bool newton(const Penalty& penalty, double* b, double& value) {
        const int64_t p = problem.n_covariates, stride = problem.stride;
        double last = __builtin_inf(), strict = 1.0;
        bool fresh = false;
        for (int64_t round = 0; round < problem.max_steps; ++round) {
            double worst = 0.0;
            for (int64_t j = 0; j < p; ++j) {
                if (!kept[j]) continue;
                const double found = penalty.violation(j, dot(problem.covariates + j * stride, curve.slope, stride), b[j]);
                worst = found > worst ? found : worst;
            }
            if (worst <= problem.allowed) return true;
            const bool stalled = worst > STALE * last;
            if (stalled && fresh) strict *= 0.2;  // small steps of many coefficients that are alike add up
            fresh = stalled || 4 * model.n_slots > 3 * model.most;
            if (fresh) model.move_to(curve);
            last = worst;
            for (int64_t j = 0; j < p; ++j) before[j] = b[j];
            const double enough = strict * (LOOSENESS * worst > 0.2 * problem.allowed ? LOOSENESS * worst : 0.2 * problem.allowed);
            if (!descend(penalty, enough, b)) {
                if (fresh) return false;
                for (int64_t j = 0; j < p; ++j) b[j] = before[j];
                last = 0.0;
                continue;
            }
            const double old = penalty.value(before, p) - value;
            double share = 1.0;
            for (int64_t halving = 0;; ++halving) {
                if (halving == HALVINGS) return false;
                for (int64_t i = 0; i < stride; ++i) trial[i] = predictor[i];
                for (int64_t j = 0; j < p; ++j) {
                    if (share < 1.0) b[j] = 0.5 * (b[j] + before[j]);
                    if (b[j] != before[j]) add_scaled(trial, b[j] - before[j], problem.covariates + j * stride, stride);
                }
                value = curve.at(trial);
                if (penalty.value(b, p) - value <= old + 1e-12 * size_of(old)) break;
                share = 0.5;
            }
            for (int64_t i = 0; i < stride; ++i) predictor[i] = trial[i];
        }
        return false;
    }
};

}  // namespace

int64_t coxnet_path(const CoxnetProblem& problem, const CoxnetResult& result, double* workspace, int64_t* positions, uint8_t* kept) {
    const int64_t n = problem.n_cases, p = problem.n_covariates, stride = problem.stride;
    double* next = workspace;
    const auto take = [&next](int64_t size) {
        double* start = next;
        next += size;
        return start;
    };
    const int64_t most = coxnet_slots(n, p), width = coxnet_width(most);
    const Curve curve{problem, take(n), take(n), take(stride), take(3 * n)}, frozen{problem, take(n), take(n), nullptr, take(3 * n)};
    Solver solver{problem, curve,
                  Model{problem, frozen, take(stride), take(p * stride), take(p), take(most * most), take(most * width), take(most), take(width),
                        take(most), take(p), positions, positions + p, positions + 3 * p, positions + 2 * p, most, width, 0, 0, 0, 0.0},
                  take(stride), take(stride), take(stride), take(p), take(p), kept};
    double* b = take(p);
    for (int64_t i = 0; i < stride; ++i) solver.predictor[i] = curve.slope[i] = 0.0;
    for (int64_t j = 0; j < p; ++j) b[j] = 0.0;
    double value = curve.at(solver.predictor);
    solver.model.move_to(curve);
    const double at_zero = value, reach = problem.saturated - at_zero;
    for (int64_t j = 0; j < p; ++j) solver.gradient[j] = dot(problem.covariates + j * stride, curve.slope, stride);
    double explained = 0.0;
    for (int64_t m = 0; m < problem.n_lambdas; ++m) {
        const double lambda = problem.lambdas[m] * double(n), last = m ? problem.lambdas[m - 1] * double(n) : lambda;
        const Penalty penalty{problem.factor, lambda * problem.l1_ratio, lambda * (1.0 - problem.l1_ratio)};
        const double strong = problem.l1_ratio * (2.0 * lambda - last);
        for (int64_t j = 0; j < p; ++j) kept[j] = b[j] != 0.0 || size_of(solver.gradient[j]) >= strong * problem.factor[j];
        double worst = 0.0;
        for (bool complete = false; !complete;) {
            if (!solver.newton(penalty, b, value)) return -1 - m;
            complete = true;
            worst = 0.0;
            for (int64_t j = 0; j < p; ++j) {
                solver.gradient[j] = dot(problem.covariates + j * stride, curve.slope, stride);
                const double found = penalty.violation(j, solver.gradient[j], b[j]);
                if (found > problem.allowed && !kept[j]) {
                    kept[j] = 1;
                    complete = false;
                }
                worst = found > worst ? found : worst;
            }
        }
        int64_t nonzero = 0;
        for (int64_t j = 0; j < p; ++j) {
            result.coefficients[m * p + j] = b[j];
            result.gradient[j] = solver.gradient[j];
            nonzero += b[j] != 0.0;
        }
        result.values[2 * m] = value;
        result.values[2 * m + 1] = worst;
        const double share = reach > 0.0 ? (value - at_zero) / reach : 1.0;
        const bool flat = m >= 4 && share - explained < problem.least_rise * share;
        if (nonzero >= problem.most_nonzero || (problem.least_rise > 0.0 && (share > problem.most_explained || flat))) return m + 1;
        explained = share;
    }
    return problem.n_lambdas;
}

}  // namespace RADIOTYPE_LEVEL
}  // namespace radiotype
