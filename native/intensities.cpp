// The intensities of a region: their range, their grey levels, how often each whole number occurs, and the sums of rows.
//
// One pass each over the box of a region, a register of voxels at a time; what lies outside the region is computed and thrown away.
// Cost: 0.5 to 1 ns per voxel of the box.
#include "lanes.hpp"

namespace radiotype {
namespace RADIOTYPE_LEVEL {

namespace {

constexpr double ROUNDER = 6755399441055744.0;  // 1.5 x 2^52: what is added to it is rounded to a whole number
constexpr double LARGE = 2251799813685248.0;    // 2^51: beyond, it is not

// Voxels of a line and whether they belong to a region; those beyond the end of the line do not.
struct Voxels {
    Pack x;
    PackFlags region;

    // False if none of them belongs to it.
    bool load(const double* values, const uint8_t* region_of, int64_t left) {
        PackBytes flags = {};
        if (left >= WIDTH) {
            if (region_of) flags = *reinterpret_cast<const PackBytes*>(region_of);
            else flags += 1;
            x = pack(values);
        } else {
            x = Pack{};
            __builtin_memcpy(&x, values, size_t(left) * 8);
            for (int64_t lane = 0; lane < left; ++lane) flags[lane] = region_of ? region_of[lane] : 1;
        }
        region = -__builtin_convertvector(flags, PackFlags);
        return any(flags);
    }
};

inline const double* row_of(const IntensityBox& box, int64_t row) {
    return box.values + row / box.shape[1] * box.steps[0] + row % box.shape[1] * box.steps[1];
}

}  // namespace

void intensity_range(const IntensityBox& box, IntensityRange* found) {
    const double infinity = __builtin_inf();
    const Pack lower = all(box.lower), upper = all(box.upper), rounder = all(ROUNDER);
    Pack least = all(infinity), most = all(-infinity);
    PackFlags n = {}, broken = {}, fractions = {};
    Voxels voxels;
    for (int64_t row = 0; row < box.shape[0] * box.shape[1]; ++row) {
        const double* values = row_of(box, row);
        const uint8_t* region = box.region ? box.region + row * box.shape[2] : nullptr;
        for (int64_t k = 0; k < box.shape[2]; k += WIDTH) {
            if (!voxels.load(values + k, region ? region + k : nullptr, box.shape[2] - k)) continue;
            const Pack x = voxels.x;
            const PackFlags finite = x - x == all(0.0);
            const PackFlags inside = voxels.region & finite & (x >= lower) & (x <= upper);
            const Pack low = inside ? x : all(infinity), high = inside ? x : all(-infinity);
            least = low < least ? low : least;
            most = high > most ? high : most;
            n -= inside;
            broken -= voxels.region & ~finite;
            const PackFlags large = (x > all(LARGE)) | (x < all(-LARGE));
            fractions |= inside & (((x + rounder) - rounder != x) | large);
        }
    }
    *found = {infinity, -infinity, 0, 0, true};
    for (int lane = 0; lane < WIDTH; ++lane) {
        if (least[lane] < found->least) found->least = least[lane];
        if (most[lane] > found->most) found->most = most[lane];
        found->n += n[lane];
        found->n_broken += broken[lane];
        found->whole = found->whole && !fractions[lane];
    }
    found->least += 0.0;  // of zeros of both signs, one or the other may have come first
    found->most += 0.0;
}

// level = the whole part of (x - origin) / width x number, `last` at most, plus 1; 0 outside.
void intensity_levels(const IntensityBox& box, const LevelRule& rule, uint8_t* inside_out, uint16_t* levels) {
    const Pack lower = all(box.lower), upper = all(box.upper), origin = all(rule.origin), width = all(rule.width);
    const Pack number = all(rule.number), last = all(rule.last);
    Voxels voxels;
    for (int64_t row = 0; row < box.shape[0] * box.shape[1]; ++row) {
        const double* values = row_of(box, row);
        const uint8_t* region = box.region + row * box.shape[2];
        uint8_t* to_inside = inside_out + row * box.shape[2];
        uint16_t* to = levels + row * box.shape[2];
        for (int64_t k = 0; k < box.shape[2]; k += WIDTH) {
            const int64_t left = box.shape[2] - k;
            PackBytes flags = {};
            PackWords words = {};
            if (voxels.load(values + k, region + k, left)) {
                const Pack x = voxels.x;
                const PackFlags inside = voxels.region & (x - x == all(0.0)) & (x >= lower) & (x <= upper);
                Pack step = (x - origin) / width * number;
                step = step > last ? last : step;
                step = inside ? step : all(-1.0);
                words = __builtin_convertvector(__builtin_convertvector(step, PackWhole) + 1, PackWords);
                flags = __builtin_convertvector(-inside, PackBytes);
            }
            if (left >= WIDTH) {
                *reinterpret_cast<PackBytes*>(to_inside + k) = flags;
                *reinterpret_cast<PackWords*>(to + k) = words;
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
        const double* values = row_of(box, row);
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

// sums (rows, 2): of the values of a region, and of these times position, each in eight partial sums, which stand in as many registers
// as they need.
void row_sums(const IntensityBox& box, double* sums) {
    constexpr int64_t LANES = 8, PACKS = LANES / WIDTH;
    const auto total = [](const Pack* parts) {
        double v[LANES];
        __builtin_memcpy(v, parts, sizeof v);
        return ((v[0] + v[4]) + (v[1] + v[5])) + ((v[2] + v[6]) + (v[3] + v[7]));
    };
    const int64_t n = box.shape[2];
    const double lanes[LANES] = {0, 1, 2, 3, 4, 5, 6, 7};
    Voxels voxels;
    for (int64_t row = 0; row < box.shape[0] * box.shape[1]; ++row) {
        const double* values = row_of(box, row);
        const uint8_t* region = box.region + row * n;
        Pack sum[PACKS] = {}, lever[PACKS] = {};
        for (int64_t k = 0; k < n; k += LANES) {
            for (int64_t part = 0; part < PACKS; ++part) {
                const int64_t at = k + part * WIDTH;
                if (at >= n || !voxels.load(values + at, region + at, n - at)) continue;
                const Pack x = voxels.region ? voxels.x : all(0.0);
                sum[part] += x;
                lever[part] += x * (pack(lanes + part * WIDTH) + double(k));
            }
        }
        sums[2 * row] = total(sum);
        sums[2 * row + 1] = total(lever);
    }
}

}  // namespace RADIOTYPE_LEVEL
}  // namespace radiotype
