// How enriched random sets are in a ranking: plain draws, and the splitting of rare ones into levels.
//
// The level splitting follows Korotkevich et al. (bioRxiv 060012 (2021)): so many random sets are kept; those below their median are
// replaced by copies of the others, all are changed member by member without falling below it, and every level halves the probability.
// The score here is the signed one, so a set keeps its sign on the way and no correction for it is needed.
// A set of k members is three rows of whole numbers in the order of the ranking: weight up to and with each member, weight before it,
// and columns passed that are no members. An exchange of a member shifts parts of the rows by constants, which stays exact; the
// running sum's extremes are then those of (weight - f x passed), free of any chain of additions. Cost: about 3 k / 8 additions and
// as many multiplications of 8 lanes per exchange tried, and about 2 k exchanges of each set per level.
#include "kernels.hpp"

namespace radiotype {
namespace RADIOTYPE_LEVEL {
namespace {

constexpr int64_t LANES = RANDOM_SET_LANES;
constexpr int64_t MOST_DRAWS = 1000;     // per set kept, to begin with the wanted sign
constexpr int64_t MOST_EXCHANGES = 100;  // tried per member, set and level

// xoshiro256++ of Blackman & Vigna.
struct Random {
    uint64_t* s;
    uint64_t next() {
        const uint64_t sum = s[0] + s[3], result = ((sum << 23) | (sum >> 41)) + s[0], t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = (s[3] << 45) | (s[3] >> 19);
        return result;
    }
    // Uneven by less than n / 2^64.
    int64_t below(int64_t n) { return int64_t((unsigned __int128)(next()) * (unsigned __int128)(n) >> 64); }
};

struct Rows {
    double *with, *before, *passed;  // (width,) each, padded so that the padding is no extreme
};

struct Ranking {
    const double* weights;
    int64_t n, k, width;
    Rows rows(double* at) const { return {at, at + width, at + 2 * width}; }
};

void pad(const Ranking& ranking, const Rows& rows) {
    for (int64_t i = ranking.k; i < ranking.width; ++i) {
        rows.with[i] = -1e300;
        rows.before[i] = 1e300;
        rows.passed[i] = 0.0;
    }
}

// The deviation of largest size, positive or negative, as a share.
double score(const Ranking& ranking, const Rows& rows) {
    const double total = rows.with[ranking.k - 1], f = total / double(ranking.n - ranking.k);
    double top[LANES], bottom[LANES];
    for (int64_t l = 0; l < LANES; ++l) {
        top[l] = -1e300;
        bottom[l] = 1e300;
    }
    for (int64_t start = 0; start < ranking.width; start += LANES) {
        for (int64_t l = 0; l < LANES; ++l) {
            const double fall = f * rows.passed[start + l];
            const double high = rows.with[start + l] - fall, low = rows.before[start + l] - fall;
            top[l] = high > top[l] ? high : top[l];
            bottom[l] = low < bottom[l] ? low : bottom[l];
        }
    }
    for (int64_t l = 1; l < LANES; ++l) {
        top[0] = top[l] > top[0] ? top[l] : top[0];
        bottom[0] = bottom[l] < bottom[0] ? bottom[l] : bottom[0];
    }
    return (top[0] > -bottom[0] ? top[0] : bottom[0]) / total;
}

// A set drawn at random; `bits` are all zero before and after. Of a set of more than half the columns the others are drawn.
void draw(const Ranking& ranking, Random& random, uint64_t* bits, const Rows& rows) {
    const bool others = ranking.k > ranking.n / 2;
    const int64_t wanted = others ? ranking.n - ranking.k : ranking.k;
    for (int64_t drawn = 0; drawn < wanted;) {
        const int64_t at = random.below(ranking.n);
        const uint64_t bit = uint64_t(1) << (at & 63);
        drawn += (bits[at >> 6] & bit) == 0;
        bits[at >> 6] |= bit;
    }
    double sum = 0.0;
    for (int64_t word = 0, i = 0; word * 64 < ranking.n; ++word) {
        uint64_t left = others ? ~bits[word] : bits[word];
        if (ranking.n - word * 64 < 64) left &= (uint64_t(1) << (ranking.n - word * 64)) - 1;
        for (; left; left &= left - 1, ++i) {
            const int64_t at = word * 64 + __builtin_ctzll(left);
            rows.before[i] = sum;
            sum += ranking.weights[at];
            rows.with[i] = sum;
            rows.passed[i] = double(at - i);
        }
        bits[word] = 0;
    }
}

inline void shift(const double* from, int64_t n, double* __restrict to, double by) {
    for (int64_t i = 0; i < n; ++i) to[i] = from[i] + by;
}

inline void shift_rows(const Rows& from, int64_t first, int64_t last, const Rows& to, int64_t at, double weight, double passed) {
    shift(from.with + first, last - first, to.with + at, weight);
    shift(from.before + first, last - first, to.before + at, weight);
    shift(from.passed + first, last - first, to.passed + at, passed);
}

// Number of members before the column that `passed` columns which are no members precede.
int64_t members_before(const Ranking& ranking, const Rows& rows, int64_t passed) {
    int64_t low = 0, high = ranking.k;
    while (low < high) {
        const int64_t middle = (low + high) / 2;
        if (rows.passed[middle] <= double(passed)) low = middle + 1;
        else high = middle;
    }
    return low;
}

// The set with one member exchanged for a column that is none, both drawn at random.
void exchange(const Ranking& ranking, Random& random, const Rows& from, const Rows& to) {
    const int64_t out = random.below(ranking.k), passed = random.below(ranking.n - ranking.k);
    const int64_t in = members_before(ranking, from, passed), place = passed + in;
    const double lost = from.with[out] - from.before[out], won = ranking.weights[place];
    int64_t at;
    if (in > out) {  // the members between move one forward
        at = in - 1;
        shift_rows(from, 0, out, to, 0, 0.0, 0.0);
        shift_rows(from, out + 1, in, to, out, -lost, 1.0);
        to.before[at] = from.with[at] - lost;
        shift_rows(from, in, ranking.k, to, in, won - lost, 0.0);
    } else {
        at = in;
        shift_rows(from, 0, in, to, 0, 0.0, 0.0);
        to.before[at] = in > 0 ? from.with[in - 1] : 0.0;
        shift_rows(from, in, out, to, in + 1, won, -1.0);
        shift_rows(from, out + 1, ranking.k, to, out + 1, won - lost, 0.0);
    }
    to.with[at] = to.before[at] + won;
    to.passed[at] = double(place - at);
}

struct Levels {
    const Ranking& ranking;
    Random random;
    int64_t n_sets;
    double *slots, *scores, *sorted;  // n_sets + 1 slots of rows; the scores of the sets; the same, rising
    int64_t *slot, spare;             // where the rows of each set are, and the slot that is free

    Rows rows(int64_t at) const { return ranking.rows(slots + at * 3 * ranking.width); }

    void sort() {
        for (int64_t i = 0; i < n_sets; ++i) {
            const double value = scores[i];
            int64_t j = i;
            for (; j > 0 && sorted[j - 1] > value; --j) sorted[j] = sorted[j - 1];
            sorted[j] = value;
        }
    }

    int64_t at_least(double value) const {
        int64_t n = 0;
        while (n < n_sets && sorted[n_sets - 1 - n] >= value) ++n;
        return n;
    }

    // Replaces every set below the level by one of the others.
    void refill(double level) {
        for (int64_t i = 0; i < n_sets; ++i) {
            if (scores[i] >= level) continue;
            int64_t other;
            do other = random.below(n_sets);
            while (!(scores[other] >= level));
            const double* from = slots + slot[other] * 3 * ranking.width;
            double* to = slots + slot[i] * 3 * ranking.width;
            for (int64_t j = 0; j < 3 * ranking.width; ++j) to[j] = from[j];
            scores[i] = scores[other];
        }
    }

    // Exchanges members of the sets, until as many were exchanged as there are, without any set falling below the level.
    void mix(double level) {
        const int64_t all = n_sets * ranking.k, tries = ranking.k / 10 > 1 ? ranking.k / 10 : 1;
        for (int64_t done = 0, tried = 0; done < all && tried < MOST_EXCHANGES * all; tried += n_sets * tries) {
            for (int64_t i = 0; i < n_sets; ++i) {
                for (int64_t t = 0; t < tries; ++t) {
                    exchange(ranking, random, rows(slot[i]), rows(spare));
                    const double value = score(ranking, rows(spare));
                    if (!(value >= level)) continue;
                    const int64_t old = slot[i];
                    slot[i] = spare;
                    spare = old;
                    scores[i] = value;
                    ++done;
                }
            }
        }
    }
};

}  // namespace

void random_enrichment(const RandomSets& problem, int64_t n_sets, double* scores, uint64_t* scratch) {
    const Ranking ranking{problem.weights, problem.n_ranked, problem.n_members, random_set_width(problem.n_members)};
    Random random{problem.state};
    const Rows rows = ranking.rows(reinterpret_cast<double*>(scratch));
    uint64_t* bits = scratch + 3 * ranking.width;
    pad(ranking, rows);
    for (int64_t word = 0; word <= ranking.n / 64; ++word) bits[word] = 0;
    for (int64_t i = 0; i < n_sets; ++i) {
        draw(ranking, random, bits, rows);
        scores[i] = score(ranking, rows);
    }
}

// survivors: (most_levels,) sets that reached each level. found: (n_targets, 2) levels passed before a target and sets that reach it
// among the last ones, -1 where the levels ended before. Returns the number of levels, or -1 if too few random sets score above 0.
int64_t enrichment_levels(const RandomSets& problem, const LevelSearch& search, int64_t* survivors, int64_t* found, uint64_t* scratch) {
    const Ranking ranking{problem.weights, problem.n_ranked, problem.n_members, random_set_width(problem.n_members)};
    const int64_t n = search.n_sets, slot_size = 3 * ranking.width;
    auto* doubles = reinterpret_cast<double*>(scratch);
    double* scores = doubles + (n + 1) * slot_size;
    auto* slot = reinterpret_cast<int64_t*>(scores + 2 * n);
    uint64_t* bits = scratch + (n + 1) * slot_size + 3 * n;
    Levels levels{ranking, Random{problem.state}, n, doubles, scores, scores + n, slot, n};
    for (int64_t word = 0; word <= ranking.n / 64; ++word) bits[word] = 0;
    for (int64_t i = 0; i <= n; ++i) pad(ranking, levels.rows(i));
    for (int64_t i = 0, draws = 0; i < n; ++i) {
        slot[i] = i;
        do {
            if (++draws > MOST_DRAWS * n) return -1;
            draw(ranking, levels.random, bits, levels.rows(i));
            scores[i] = score(ranking, levels.rows(i));
        } while (!(scores[i] > 0.0));
    }
    int64_t target = 0;
    for (int64_t level = 0;; ++level) {
        levels.sort();
        double reached = levels.sorted[n / 2];
        if (levels.sorted[0] == reached) {  // more than half are equal and lowest: go on to the next value
            int64_t next = 0;
            while (next < n - 1 && levels.sorted[next] == reached) ++next;
            reached = levels.sorted[next];
        }
        for (; target < search.n_targets && search.targets[target] <= reached; ++target) {
            found[2 * target] = level;
            found[2 * target + 1] = levels.at_least(search.targets[target]);
        }
        const bool stuck = levels.sorted[0] == reached;
        if (target == search.n_targets || stuck || level == search.most_levels) {
            for (; target < search.n_targets; ++target) {
                found[2 * target] = level;
                found[2 * target + 1] = -1;
            }
            return level;
        }
        survivors[level] = levels.at_least(reached);
        levels.refill(reached);
        levels.mix(reached);
    }
}

}  // namespace RADIOTYPE_LEVEL
}  // namespace radiotype
