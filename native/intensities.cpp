// The intensities of a region: their range, their grey levels, how often each whole number occurs, and the sums of rows.
//
// One pass each over the box of a region, eight voxels at a time; what lies outside the region is computed and thrown away. Cost:
// 0.5 to 1 ns per voxel of the box.
#include "kernels.hpp"

namespace radiotype {
namespace RADIOTYPE_LEVEL {

namespace {

typedef double Values __attribute__((vector_size(64), aligned(8), may_alias));
typedef int64_t Flags __attribute__((vector_size(64)));
typedef int32_t Levels __attribute__((vector_size(32)));
typedef uint16_t Words __attribute__((vector_size(16), aligned(2), may_alias));
typedef uint8_t Bytes __attribute__((vector_size(8), aligned(1), may_alias));
constexpr int64_t LANES = 8;
constexpr uint8_t EVERY[LANES] = {1, 1, 1, 1, 1, 1, 1, 1};
constexpr double ROUNDER = 6755399441055744.0;  // 1.5 x 2^52: what is added to it is rounded to a whole number
constexpr double LARGE = 2251799813685248.0;    // 2^51: beyond, it is not

inline Values all(double value) { return Values{value, value, value, value, value, value, value, value}; }

// Eight voxels of a line; those beyond its end are outside.
struct Eight {
    Values x;
    Flags region;

    Eight(const double* values, const uint8_t* region_of, int64_t left) {
        Bytes flags = {};
        if (left >= LANES) {
            x = *reinterpret_cast<const Values*>(values);
            flags = *reinterpret_cast<const Bytes*>(region_of);
        } else {
            x = Values{};
            __builtin_memcpy(&x, values, size_t(left) * 8);
            __builtin_memcpy(&flags, region_of, size_t(left));
        }
        region = -__builtin_convertvector(flags, Flags);
    }
};

inline bool any(const uint8_t* region, int64_t left) {
    uint64_t eight = 0;
    __builtin_memcpy(&eight, region, size_t(left < LANES ? left : LANES));
    return eight != 0;
}

}  // namespace

void intensity_range(const IntensityBox& box, IntensityRange* found) {
    const double infinity = __builtin_inf();
    const Values lower = all(box.lower), upper = all(box.upper), rounder = all(ROUNDER);
    Values least = all(infinity), most = all(-infinity);
    Flags n = {}, broken = {}, fractions = {};
    for (int64_t row = 0; row < box.shape[0] * box.shape[1]; ++row) {
        const double* values = box.values + row / box.shape[1] * box.steps[0] + row % box.shape[1] * box.steps[1];
        const uint8_t* region = box.region ? box.region + row * box.shape[2] : EVERY;
        for (int64_t k = 0; k < box.shape[2]; k += LANES) {
            const int64_t left = box.shape[2] - k, at = box.region ? k : 0;
            if (!any(region + at, left)) continue;
            const Eight eight(values + k, region + at, left);
            const Flags finite = eight.x - eight.x == all(0.0);
            const Flags inside = eight.region & finite & (eight.x >= lower) & (eight.x <= upper);
            const Values low = inside ? eight.x : all(infinity), high = inside ? eight.x : all(-infinity);
            least = low < least ? low : least;
            most = high > most ? high : most;
            n -= inside;
            broken -= eight.region & ~finite;
            const Flags large = (eight.x > all(LARGE)) | (eight.x < all(-LARGE));
            fractions |= inside & (((eight.x + rounder) - rounder != eight.x) | large);
        }
    }
    *found = {infinity, -infinity, 0, 0, true};
    for (int lane = 0; lane < LANES; ++lane) {
        if (least[lane] < found->least) found->least = least[lane];
        if (most[lane] > found->most) found->most = most[lane];
        found->n += n[lane];
        found->n_broken += broken[lane];
        found->whole = found->whole && !fractions[lane];
    }
}

// level = the whole part of (x - origin) / width x number, `last` at most, plus 1; 0 outside.
void intensity_levels(const IntensityBox& box, const LevelRule& rule, uint8_t* inside_out, uint16_t* levels) {
    const Values lower = all(box.lower), upper = all(box.upper), origin = all(rule.origin), width = all(rule.width);
    const Values number = all(rule.number), last = all(rule.last);
    for (int64_t row = 0; row < box.shape[0] * box.shape[1]; ++row) {
        const double* values = box.values + row / box.shape[1] * box.steps[0] + row % box.shape[1] * box.steps[1];
        const uint8_t* region = box.region + row * box.shape[2];
        uint8_t* to_inside = inside_out + row * box.shape[2];
        uint16_t* to = levels + row * box.shape[2];
        for (int64_t k = 0; k < box.shape[2]; k += LANES) {
            const int64_t left = box.shape[2] - k;
            Bytes flags = {};
            Words words = {};
            if (any(region + k, left)) {
                const Eight eight(values + k, region + k, left);
                const Flags inside = eight.region & (eight.x - eight.x == all(0.0)) & (eight.x >= lower) & (eight.x <= upper);
                Values step = (eight.x - origin) / width * number;
                step = step > last ? last : step;
                step = inside ? step : all(-1.0);
                words = __builtin_convertvector(__builtin_convertvector(step, Levels) + 1, Words);
                flags = __builtin_convertvector(-inside, Bytes);
            }
            if (left >= LANES) {
                *reinterpret_cast<Bytes*>(to_inside + k) = flags;
                *reinterpret_cast<Words*>(to + k) = words;
            } else {
                __builtin_memcpy(to_inside + k, &flags, size_t(left));
                __builtin_memcpy(to + k, &words, size_t(left) * 2);
            }
        }
    }
}

// counts: zeros, (tables, n_values); neighbours go to different tables, since they often hold the same value.
void intensity_counts(const IntensityBox& box, double least, int64_t tables, int64_t n_values, int64_t* counts) {
    for (int64_t row = 0; row < box.shape[0] * box.shape[1]; ++row) {
        const double* values = box.values + row / box.shape[1] * box.steps[0] + row % box.shape[1] * box.steps[1];
        const uint8_t* region = box.region + row * box.shape[2];
        for (int64_t k = 0; k < box.shape[2]; ++k)
            if (region[k]) counts[(k & (tables - 1)) * n_values + int64_t(values[k] - least)] += 1;
    }
}

// ends (rows, 2): first and last voxel of each row of a region, -1 without. moments (rows, 3): number of its voxels, sum of their
// positions, and of the squares of these.
void row_moments(const uint8_t* mask, int64_t n_rows, int64_t n, int64_t* moments, int32_t* ends) {
    for (int64_t row = 0; row < n_rows; ++row) {
        const uint8_t* inside = mask + row * n;
        int64_t begin = 0, end = n;
        while (begin < end && !inside[begin]) ++begin;
        while (begin < end && !inside[end - 1]) --end;
        ends[2 * row] = begin < end ? int32_t(begin) : -1;
        ends[2 * row + 1] = begin < end ? int32_t(end - 1) : -1;
        int64_t count = 0, first = 0, second = 0;
        for (int64_t k = begin; k < end; ++k) {
            const int64_t one = inside[k];
            count += one;
            first += one * k;
            second += one * k * k;
        }
        moments[3 * row] = count;
        moments[3 * row + 1] = first;
        moments[3 * row + 2] = second;
    }
}

// sums (rows, 2): of the values of a region, and of these times position, each in eight partial sums.
void row_sums(const IntensityBox& box, double* sums) {
    const int64_t n = box.shape[2];
    const auto total = [](const Values& v) { return ((v[0] + v[4]) + (v[1] + v[5])) + ((v[2] + v[6]) + (v[3] + v[7])); };
    for (int64_t row = 0; row < box.shape[0] * box.shape[1]; ++row) {
        const double* values = box.values + row / box.shape[1] * box.steps[0] + row % box.shape[1] * box.steps[1];
        const uint8_t* region = box.region + row * n;
        Values sum = {}, lever = {}, place = {0, 1, 2, 3, 4, 5, 6, 7};
        for (int64_t k = 0; k < n; k += LANES, place += 8.0) {
            if (!any(region + k, n - k)) continue;
            const Eight eight(values + k, region + k, n - k);
            const Values x = eight.region ? eight.x : all(0.0);
            sum += x;
            lever += x * place;
        }
        sums[2 * row] = total(sum);
        sums[2 * row + 1] = total(lever);
    }
}

}  // namespace RADIOTYPE_LEVEL
}  // namespace radiotype
